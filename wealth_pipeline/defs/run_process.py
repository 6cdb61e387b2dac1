"""The process of a run: each run records which it is, and none outlives the code server that started it."""

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.process import BaseProcess

import dagster as dg

from wealth_pipeline.defs import _private
from wealth_pipeline.ui.process import Process
from wealth_pipeline.ui.serving import SECONDS_TO_END

#: The tag in which a run says which process it is. Dagster does not show tags that begin like this.
PROCESS_TAG = ".dagster/wealth_process"


def process_tags() -> dict[str, str]:
    """The tag of a run that this process executes."""
    return {PROCESS_TAG: Process.current().text}


@dg.executor(name="in_process", config_schema={})
def in_process(_: dg.InitExecutorContext) -> _private.AnnouncingExecutor:
    """Runs all steps in the run's one process, which is recorded first. Without config, so that no run names a file."""
    return _private.AnnouncingExecutor(_begin)


def _begin(instance: dg.DagsterInstance, run_id: str) -> None:
    instance.add_run_tags(run_id, process_tags())
    if parent := multiprocessing.parent_process():  # the code server
        threading.Thread(target=_end_with, args=[parent], daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    """End this process once `parent` has ended, which waits for its runs unless it is killed."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_END)
    os.kill(os.getpid(), signal.SIGKILL)
