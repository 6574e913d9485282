"""A store whose process is killed loses nothing that it has acknowledged, and halves nothing."""

from __future__ import annotations

import pytest

from crash_driver import Driver

KILLS = 200


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_break_no_promise(tmp_path, seed):
    """At failpoints and at any moment, under sixteen clients, a watch and compaction.

    Every acknowledged transaction is there with its revision, none without an answer is half
    there, revisions never go back, and a watch that goes on where it was told last misses and
    repeats nothing.
    """
    driver = Driver(tmp_path, seed)
    for _ in range(KILLS // 2):
        driver.kill()
    driver.finish()
    assert driver.verdict.acknowledged > KILLS
    assert len(driver.kills) > 6
