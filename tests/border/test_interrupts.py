"""Ctrl-C that Python swallowed is answered at the next sign of progress."""

import signal
import subprocess
import sys

import pytest

from tokenmill.cli.interrupts import kept_interrupts, raise_lost_interrupt
from tokenmill.cli.progress import NoProgress

pytestmark = pytest.mark.usefixtures("answers_ctrl_c")

SWALLOWED = """
import os, signal, sys
sys.unraisablehook = lambda found: None
from tokenmill.cli.interrupts import kept_interrupts, raise_lost_interrupt
class Dying:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass
with kept_interrupts():
    Dying()
    print("goes on", flush=True)
    raise_lost_interrupt()
"""


def test_a_swallowed_interrupt_is_raised_again() -> None:
    command = [sys.executable, "-c", SWALLOWED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "goes on\n"
    assert "KeyboardInterrupt" in done.stderr
    assert done.returncode == -signal.SIGINT


def test_nothing_is_raised_without_one() -> None:
    with kept_interrupts():
        raise_lost_interrupt()
        with NoProgress() as report:
            report(1, 2)


def test_an_interrupt_is_over_with_the_command() -> None:
    with pytest.raises(KeyboardInterrupt), kept_interrupts():
        signal.raise_signal(signal.SIGINT)
    raise_lost_interrupt()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_caller_stays() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with kept_interrupts():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
