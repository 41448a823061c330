"""`/model/edit`: the model changed by fields or as text. The draft goes back and forth with the form until it is sent
to be compared, which is a job that keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.access.roles import require
from api.dashboard.model_editing import EditedFile, ModelFault, edited_file, faults_of
from api.dashboard.resources import Resources
from api.dashboard.words.condition_speech import PageSpeech
from api.dashboard.words.model_wording import ModelWording
from api.dashboard.words.well_known import N_
from api.model_activation import ModelDraft, draft_of
from domain.files.problems import ModelError
from domain.model.definition import parse_model
from domain.model.editing import FieldKind, edited, fields_of
from projections.queries.model_history import activated, changes
from store.models import last_activation
from web.problems import Problem
from web.viewer import Role

FIELDS: Final = "fields"
TEXT: Final = "text"
MOST_FIELDS: Final = 20_000
"""Of a form: a file that a body may hold has fewer."""
_RUNS: Final = N_("Another comparison is running. Try again when it has ended.")
_PREVIEW: Final = "preview"


@dataclass(frozen=True, slots=True)
class Editor:
    """A draft in the editor, and what is wrong with it. `kind`: FIELDS or TEXT."""

    draft: ModelDraft
    kind: str
    faults: Sequence[ModelFault] = ()
    notice: str = ""
    status: int = 200


def routes(resources: Resources) -> Sequence[Route]:
    """Where the editor stands."""

    def edit(request: Request) -> Response:
        require(request, Role.ADMIN)
        kind = TEXT if request.query_params.get("as") == TEXT else FIELDS
        return _shown(resources, request, Editor(_begun(resources, request), kind))

    async def sent(request: Request) -> Response:
        require(request, Role.ADMIN)
        form = await request.form(max_fields=MOST_FIELDS)
        return await run_in_threadpool(_answer, resources, request, form)

    return [Route("/model/edit", edit), Route("/model/edit", sent, methods=["POST"])]


def _begun(resources: Resources, request: Request) -> ModelDraft:
    """The draft that the address names: a job's, an activation's, else the active model. Raises NotFound."""
    said = request.query_params
    if job := said.get("draft"):
        draft = draft_of(resources.jobs.get(job))
        if draft is None:
            raise Problem(404, "this job keeps no draft")
        return draft
    with resources.reader.view() as view:
        newest, earlier = last_activation(view.conn), said.get("activation", "")
        if earlier.isascii() and earlier.isdecimal() and len(earlier) < 9:
            return ModelDraft(activated(view.conn, int(earlier)).text, newest)
        return ModelDraft(view.model.text, newest)


def _answer(resources: Resources, request: Request, form: FormData) -> Response:
    draft, kind = _draft(resources, form), FIELDS if form.get("kind") == FIELDS else TEXT
    typed = _typed(form)
    if kind == FIELDS:
        try:
            draft = draft._replace(text=edited(draft.text, _with_switches(draft.text, typed)))
        except ModelError as error:
            return _shown(resources, request, Editor(draft, kind, faults_of(error, draft.text), status=422))
    wanted = str(form.get("to", ""))
    if wanted != _PREVIEW:
        kind = TEXT if wanted == TEXT else FIELDS
        return _shown(resources, request, Editor(draft, kind, _faults(draft.text)))
    try:
        job = resources.changes.preview(draft)
    except ModelError as error:
        return _shown(resources, request, Editor(draft, kind, faults_of(error, draft.text), status=422))
    except Problem as problem:
        return _shown(resources, request, Editor(draft, kind, notice=_RUNS, status=problem.status))
    return RedirectResponse(f"/model/drafts/{job.id}", 303)


def _draft(resources: Resources, form: FormData) -> ModelDraft:
    """What the form brings back; a browser makes every end of a line CRLF, where a file may have another."""
    text, based_on = form.get("text"), str(form.get("based_on", ""))
    if not isinstance(text, str) or not (based_on.isascii() and based_on.isdecimal() and len(based_on) < 9):
        raise Problem(400, "the form lacks its draft: begin at /model/edit")
    text = text.replace("\r\n", "\n")
    with resources.reader.view() as view:
        if "\r\n" in view.model.text:
            text = text.replace("\n", "\r\n")
    return ModelDraft(text, int(based_on))


def _typed(form: FormData) -> Mapping[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _with_switches(text: str, typed: Mapping[str, str]) -> Mapping[str, str]:
    """What was typed, and of each switch that the form has off, since a browser sends only those that are on."""
    switches = {name for name, each in fields_of(text).items() if each.kind is FieldKind.SWITCH}
    return {**dict.fromkeys(switches, ""), **typed}


def _faults(text: str) -> Sequence[ModelFault]:
    try:
        parse_model(text, is_new=True)
    except ModelError as error:
        return faults_of(error, text)
    return ()


def _shown(resources: Resources, request: Request, editor: Editor) -> Response:
    """The editor. A text that is no TOML has no fields: it is shown as text."""
    draft, kind, faults = editor.draft, editor.kind, editor.faults
    with resources.reader.view() as view:
        active, newest = view.model, last_activation(view.conn)
        wording = ModelWording(active, resources.shell.language(request), view.clock)
        meanwhile = activated(view.conn, newest) if newest != draft.based_on else None
    file = EditedFile()
    try:
        file = edited_file(draft.text, active, PageSpeech(wording))
    except ModelError as error:
        kind, faults = TEXT, faults or faults_of(error, draft.text)
    known = file.fields if kind == FIELDS else {}
    values: dict[str, Any] = {
        "wording": wording,
        "draft": draft,
        "kind": kind,
        "file": file,
        "faults": faults,
        "beside": {fault.field: fault.text for fault in faults if fault.field in known},
        "lines": draft.text.split("\n"),
        "faulty": {fault.line: fault.text for fault in reversed(faults) if fault.line is not None},
        "notice": editor.notice,
        "meanwhile": meanwhile,
        "changed": _changed(active.text, draft.text),
    }
    template = "model_edit.html" if kind == FIELDS else "model_text.html"
    return resources.shell.render(request, template, editor.status, **values)


def _changed(before: str, now: str) -> Sequence[Any] | None:
    """What the draft says otherwise than the active model; None: nobody can tell, since it is no TOML."""
    try:
        return changes(before, now)
    except ModelError:
        return None
