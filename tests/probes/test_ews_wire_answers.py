"""Batches that come back wrong, and the password that shows nowhere, on the wire."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from pytest_flowscape.core.secret import encodings
from pytest_flowscape.facts import Kind
from pytest_flowscape.probes.bounded_socket import BoundedSocket
from pytest_flowscape.probes.ews.connection import Connection
from tests.probes.ews_lines import PASSWORD, ROOMS, USER, Opens, Script, ask, good
from tests.probes.ews_samples import fault, folder, refused, response
from tests.probes.ews_sessions import kinds
from tests.probes.tls_server import Request, http

# --- batches that come back wrong ---------------------------------------------------------------------


def test_a_count_that_differs_judges_nobody(opens: Opens) -> None:
    """One answer too few could belong to anybody: each mailbox is asked alone."""

    def one_missing(request: Request) -> bytes:
        count = request.body.count(b"<t:DistinguishedFolderId")
        answers = [folder("F")] * count if count == 1 else [refused("ErrorItemNotFound"), *[folder("F")] * (count - 2)]
        return http(200, body=response("GetFolder", *answers))

    desk, _ = opens(one_missing)
    assert ask(desk.session(way="Basic"), *ROOMS) == dict.fromkeys(ROOMS)


def test_a_mailbox_that_is_never_answered(opens: Opens) -> None:
    def nobody(_: Request) -> bytes:
        return http(200, body=response("GetFolder"))

    desk, _ = opens(nobody)
    assert ask(desk.session(way="Basic"), *ROOMS) == dict.fromkeys(ROOMS, Kind.NOT_ASKED)


def test_a_batch_stopped_from_its_start(opens: Opens) -> None:
    def stopped(request: Request) -> bytes:
        count = request.body.count(b"<t:DistinguishedFolderId")
        if count == 1:
            return good(request)
        return http(200, body=response("GetFolder", *[refused("ErrorBatchProcessingStopped", kind="Warning")] * count))

    desk, _ = opens(stopped)
    assert ask(desk.session(way="Basic"), *ROOMS) == dict.fromkeys(ROOMS)


def test_a_fault_of_one_mailbox_is_not_that_of_the_others(opens: Opens) -> None:
    def fails_with_b(request: Request) -> bytes:
        if ROOMS[1].encode() in request.body:
            return http(500, body=fault("ErrorNonExistentMailbox"))
        return good(request)

    desk, _ = opens(fails_with_b)
    told = ask(desk.session(way="Basic"), *ROOMS)
    assert told == {ROOMS[0]: None, ROOMS[1]: Kind.NO_MAILBOX, ROOMS[2]: None}


def test_a_batch_cut_short_in_a_healthy_mailbox(opens: Opens) -> None:
    stopped = refused("ErrorBatchProcessingStopped", kind="Warning")
    cut = response("GetFolder", folder("F"), folder("F"), folder("F"), stopped, stopped, stopped)
    desk, talk = opens(Script(http(200, body=cut), good))
    answers = desk.session(way="Basic").get_folder(ROOMS, ["inbox", "calendar"])
    assert kinds(answers) == dict.fromkeys(ROOMS)
    assert all(len(answer.folders) == 2 for answer in answers.values())
    assert len(talk.requests) == 3


# --- the password is nowhere --------------------------------------------------------------------------


def shown_of_the_product(error: BaseException) -> str:
    """Format the traceback with all locals, from the first frame that is not a test's."""
    assert error.__suppress_context__
    trace = error.__traceback__
    while trace is not None and "tests" in Path(trace.tb_frame.f_code.co_filename).parts:
        trace = trace.tb_next
    shown = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    return "".join(shown.format())


@pytest.mark.parametrize("way", ["Basic", "NTLM", "Negotiate"])
@pytest.mark.parametrize("operation", ["sendall", "recv"])
def test_an_interrupt_shows_no_password(
    opens: Opens, monkeypatch: pytest.MonkeyPatch, way: str, operation: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    desk, _ = opens(good)
    session = desk.session(way=way)
    monkeypatch.setattr(BoundedSocket, operation, interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        ask(session)
    shown = shown_of_the_product(caught.value)
    assert "in post\n" in shown
    assert "site-packages" not in shown
    for form in encodings(PASSWORD, (USER,)):
        assert form not in shown
    monkeypatch.undo()
    assert ask(session) == {ROOMS[0]: None}  # and no connection was lost to the interrupt


def test_facts_and_reprs_show_no_password(opens: Opens) -> None:
    desk, _ = opens(Script(http(500, body=b"x")))
    session = desk.session(way="Basic")
    answers = session.get_folder(ROOMS, ["calendar"])
    shown = repr((answers, session, vars(session), vars(session._talk), Connection(desk.exchange, "run")))
    for form in encodings(PASSWORD, (USER,)):
        assert form not in shown
