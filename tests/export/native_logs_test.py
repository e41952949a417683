import os

import pytest

from keras_sphereface.export.native_logs import native_logs_hidden

CHATTER = b"W0000 00:00:17.1 1 helpers.cc:364] Ignored output_format.\n"
NEWS = b"E0000 00:00:17.2 1 loader.cc:99] cannot read\n"


def test_chatter_is_dropped_and_the_rest_passed_on(capfd):
    with native_logs_hidden():
        os.write(2, CHATTER + NEWS + CHATTER)
        assert capfd.readouterr().err == ""
    assert capfd.readouterr().err == NEWS.decode()


def test_everything_is_shown_when_the_work_fails(capfd):
    def log_and_fail():
        os.write(2, CHATTER)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), native_logs_hidden():
        log_and_fail()
    assert capfd.readouterr().err == CHATTER.decode()


def test_stderr_is_given_back(capfd):
    with native_logs_hidden():
        pass
    os.write(2, CHATTER)
    assert capfd.readouterr().err == CHATTER.decode()
