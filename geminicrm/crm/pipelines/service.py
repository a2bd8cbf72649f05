"""Pipelines: their stages, the default one, and how they change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from geminicrm.crm.pipelines.events import PipelineCreated, PipelineUpdated
from geminicrm.crm.pipelines.models import Pipeline, Stage
from geminicrm.crm.pipelines.stages import DEFAULT_STAGES, complete
from geminicrm.identity.models import Workspace
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict, NotFound, PreconditionFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.tenancy import CHECKED, WORKSPACE
from geminicrm.kernel.work import Work

Rest = dict[str, Any]
_STAGE_FIELDS = ("id", "key", "name", "probability", "kind")


@dataclass(frozen=True)
class Place:
    """Where a deal can be: a stage, and what its pipeline is."""

    id: str
    pipeline_id: str
    key: str
    kind: str
    is_default: bool


def places(work: Work) -> list[Place]:
    """Give every stage of the workspace: the default pipeline's first, each in its order.

    A workspace without a default pipeline gets it.
    """
    statement = (
        select(Stage.id, Stage.pipeline_id, Stage.key, Stage.kind, Pipeline.is_default)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(Stage.workspace_id == bindparam(WORKSPACE))
        .order_by(Pipeline.is_default.desc(), Stage.pipeline_id, Stage.position)
        .execution_options(**{CHECKED: True})
    )
    rows = work.session.execute(statement, {WORKSPACE: work.workspace_id})
    found = [Place(*row) for row in rows]
    return found if found and found[0].is_default else [*ensure_default_pipeline(work), *found]


def ensure_default_pipeline(work: Work) -> list[Place]:
    """Give the stages of the default pipeline, which is made where there is none."""
    # Two writers would both find none; the workspace's row makes them take turns.
    work.session.get(Workspace, work.workspace_id, with_for_update=True)
    pipeline = work.session.scalars(select(Pipeline).where(Pipeline.is_default)).one_or_none()
    if pipeline is None:
        pipeline, stages = _add(work, "Sales", complete(DEFAULT_STAGES), is_default=True)
    else:
        stages = _stages(work, pipeline.id)
    return [Place(each.id, pipeline.id, each.key, each.kind, is_default=True) for each in stages]


def list_pipelines(work: Work) -> list[Rest]:
    """Give all pipelines with their stages, the default one first. Needs read:deals."""
    work.require("read:deals")
    stages: dict[str, list[Stage]] = {}
    for stage in work.session.scalars(select(Stage).order_by(Stage.position)):
        stages.setdefault(stage.pipeline_id, []).append(stage)
    pipelines = work.session.scalars(
        select(Pipeline).order_by(Pipeline.is_default.desc(), Pipeline.id)
    )
    return [_rest(pipeline, stages.get(pipeline.id, [])) for pipeline in pipelines]


def get_pipeline(work: Work, identifier: str) -> Rest:
    """Give one pipeline with its stages; NotFound where there is none. Needs read:deals."""
    work.require("read:deals")
    pipeline = work.get(Pipeline, identifier)
    return _rest(pipeline, _stages(work, identifier))


def create_pipeline(work: Work, values: Mapping[str, Any]) -> Rest:
    """Make a pipeline; without stages it gets those of the default. Needs manage:workspace."""
    work.require("manage:workspace")
    places(work)
    wanted = complete(values.get("stages") or DEFAULT_STAGES)
    pipeline, stages = _add(work, values["name"], wanted, is_default=False)
    rest = _rest(pipeline, stages)
    work.audit("pipeline.created", pipeline.id, {"name": {"from": None, "to": pipeline.name}})
    work.record(PipelineCreated(object_id=pipeline.id, object_version=1, data=rest))
    return rest


def update_pipeline(
    work: Work, identifier: str, values: Mapping[str, Any], if_version: int | None = None
) -> Rest:
    """Rename a pipeline, or give it other stages. Needs manage:workspace.

    Raises NotFound, PreconditionFailed for another version, and Conflict when a stage that is
    left out holds deals.
    """
    work.require("manage:workspace")
    pipeline = work.get(Pipeline, identifier)
    work.session.refresh(pipeline, with_for_update=True)
    if if_version is not None and pipeline.version != if_version:
        raise PreconditionFailed(
            f"The pipeline is at version {pipeline.version}; read it again, then repeat.",
            current_version=pipeline.version,
        )
    stages = _stages(work, identifier)
    before = _rest(pipeline, stages)
    pipeline.name = values.get("name", pipeline.name)
    if "stages" in values:
        stages = _replace(work, pipeline.id, stages, complete(values["stages"]))
    after = _rest(pipeline, stages)
    names = [name for name in after if before[name] != after[name]]
    if not names:
        return before
    pipeline.updated_at = work.now
    flag_modified(pipeline, "updated_at")  # new stages are a new version too, however quick
    work.session.flush()
    after = _rest(pipeline, stages)
    changes = {name: {"from": before[name], "to": after[name]} for name in names}
    work.audit("pipeline.updated", identifier, changes)
    work.record(
        PipelineUpdated(
            object_id=identifier,
            object_version=pipeline.version,
            data={**after, "changed_fields": names},
        )
    )
    return after


def _add(
    work: Work, name: str, wanted: Sequence[Rest], *, is_default: bool
) -> tuple[Pipeline, list[Stage]]:
    pipeline = Pipeline(
        id=new_id("pipeline"),
        workspace_id=work.workspace_id,
        version=1,
        name=name,
        is_default=is_default,
        created_at=work.now,
        updated_at=work.now,
    )
    stages = [_stage(work, pipeline.id, at, each) for at, each in enumerate(wanted)]
    for rows in ([pipeline], stages):
        work.session.add_all(rows)
        # Flushing orders rows by relationships only, and there are none. A reading unit (the
        # preview of a change) does not flush by itself and must not do so here.
        if work.session.autoflush:
            work.session.flush()
    return pipeline, stages


def _stage(work: Work, pipeline_id: str, position: int, wanted: Mapping[str, Any]) -> Stage:
    return Stage(
        id=new_id("stage"),
        workspace_id=work.workspace_id,
        pipeline_id=pipeline_id,
        position=position,
        **{name: wanted[name] for name in _STAGE_FIELDS[1:]},
    )


def _stages(work: Work, pipeline_id: str) -> list[Stage]:
    wanted = select(Stage).where(Stage.pipeline_id == pipeline_id).order_by(Stage.position)
    return list(work.session.scalars(wanted))


def _replace(
    work: Work, pipeline_id: str, present: Sequence[Stage], wanted: Sequence[Rest]
) -> list[Stage]:
    known = {each.id: each for each in present} | {each.key: each for each in present}
    kept: list[Stage] = []
    for position, each in enumerate(wanted):
        if each.get("id") is not None and each["id"] not in known:
            raise NotFound("stage", each["id"])
        stage = known.get(each.get("id") or each["key"])
        if stage is None:
            stage = _stage(work, pipeline_id, position, each)
            work.session.add(stage)
        for name in _STAGE_FIELDS[1:]:
            setattr(stage, name, each[name])
        stage.position = position
        kept.append(stage)
    for stage in present:
        if stage not in kept:
            _remove(work, stage)
    return kept


def _remove(work: Work, stage: Stage) -> None:
    name = stage.name
    work.session.delete(stage)
    try:
        work.session.flush()
    except IntegrityError as error:
        raise Conflict(
            f"The stage {name!r} holds deals, deleted ones among them; move them first."
        ) from error


def _rest(pipeline: Pipeline, stages: Sequence[Stage]) -> Rest:
    return {
        "id": pipeline.id,
        "version": pipeline.version,
        "created_at": format_instant(pipeline.created_at),
        "updated_at": format_instant(pipeline.updated_at),
        "name": pipeline.name,
        "is_default": pipeline.is_default,
        "stages": [{name: getattr(each, name) for name in _STAGE_FIELDS} for each in stages],
    }
