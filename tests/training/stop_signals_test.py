"""Signals that this process sends to itself."""

import os
import signal
import threading

import pytest

from keras_sphereface.training.stop_signals import StopSignals

SIGNALS = {signal.SIGTERM: 143, signal.SIGINT: 130}


@pytest.fixture(autouse=True)
def handlers():
    """Handlers that tell, and those there were before put back."""
    received = []
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, lambda number, _: received.append(number))
    yield received
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "code"), SIGNALS.items())
def test_a_signal_ends_the_process_at_once(number, code, handlers):
    with pytest.raises(SystemExit) as caught, StopSignals():
        os.kill(os.getpid(), number)
    assert caught.value.code == code
    assert handlers == []


@pytest.mark.parametrize(("number", "code"), SIGNALS.items())
def test_a_held_run_goes_on_until_it_stops(number, code, handlers):
    with (
        StopSignals() as signals,
        pytest.raises(SystemExit) as caught,
        signals.held(),
    ):
        signals.stop()
        os.kill(os.getpid(), number)
        assert signals.received == number
        signals.stop()
        raise AssertionError("went on")
    assert caught.value.code == code


def test_the_second_signal_does_what_it_did_before(handlers):
    with (
        pytest.raises(SystemExit),
        StopSignals() as signals,
        signals.held(),
    ):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert handlers == [signal.SIGINT]


def test_what_was_held_to_its_end_stops_there():
    seen = []
    with (
        pytest.raises(SystemExit),
        StopSignals() as signals,
        signals.held(),
    ):
        os.kill(os.getpid(), signal.SIGTERM)
        seen.append(signals.received)
    assert seen == [signal.SIGTERM]


def test_an_error_in_a_held_run_stays_that_error():
    with StopSignals() as signals, pytest.raises(KeyError), signals.held():
        os.kill(os.getpid(), signal.SIGTERM)
        raise KeyError


def test_afterwards_signals_do_what_they_did(handlers):
    with StopSignals():
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    assert handlers == [signal.SIGTERM]


def test_what_was_ignored_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGINT)
    assert signals.received is None
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_one_that_is_not_active_leaves_signals_alone(handlers):
    with StopSignals(is_active=False):
        os.kill(os.getpid(), signal.SIGTERM)
    assert handlers == [signal.SIGTERM]


def test_beside_the_main_thread_signals_stay_as_they_are():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def enter():
        with StopSignals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]
