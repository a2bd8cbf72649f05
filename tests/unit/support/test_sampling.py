import pytest

from tests.support.sampling import FULL, Sample


def test_the_everyday_run_takes_a_sample(sample: Sample[int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(FULL, raising=False)
    chosen = sample(range(100), 3)
    assert len(set(chosen)) == 3
    assert sample([1, 2], 3) in ([1, 2], [2, 1])


def test_the_full_run_takes_all(sample: Sample[int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(FULL, "1")
    assert sample(range(100), 3) == list(range(100))
