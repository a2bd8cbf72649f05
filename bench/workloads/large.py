"""A list of 50 out of 1,000,000 records against one out of 10,000, both ours."""

from bench import ours
from bench.compare import Contender, Contest, measure
from bench.lab import Lab
from bench.report import Row, Target

NAME = "large"


def run(lab: Lab) -> list[Row]:
    """Measure how much longer a page takes."""
    few = ours.start(lab, f"{lab.options.rows:,} rows", lab.options.rows)
    many = ours.start(lab, f"{lab.options.many:,} rows", lab.options.many)
    contest = Contest(
        workload=NAME,
        what=f"list 50 of {lab.options.many:,}",
        contenders=[Contender(many, many.lists), Contender(few, few.lists)],
        targets={few.name: Target(value=1.3, better="lower")},
        metric="ms p50",
    )
    return measure(lab, contest)
