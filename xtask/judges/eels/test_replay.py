"""Tests of the driver itself: a judge that cannot say no is none. Run by `cargo xtask test` before the real cases.

`sample.jsonl` is hand-made: a transfer, a creation and a call, a delegation, a refused block.
Gas and statuses in it can be computed by hand; its roots were recorded from the reference.
"""

import copy
import json
from pathlib import Path

import pytest
import replay

SAMPLE = [json.loads(line) for line in Path(__file__).with_name("sample.jsonl").read_text().splitlines()]
TRANSFER, CREATION, DELEGATION, GAP = SAMPLE


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case["name"])
def test_a_right_expectation_is_met(case):
    assert replay.judge(case, replay.Coverage())["mismatches"] == []


@pytest.mark.parametrize("key", replay.COMPARED)
def test_each_wrong_field_is_named(key):
    case = copy.deepcopy(CREATION)
    case["expected"][key] = [] if key == "receipts" else "0x1"
    assert [found.split(":")[0] for found in replay.judge(case, replay.Coverage())["mismatches"]] == [key]


@pytest.mark.parametrize("key", replay.REQUIRED)
def test_a_case_without_a_root_is_no_case(key):
    case = copy.deepcopy(TRANSFER)
    del case["expected"][key]
    assert replay.judge(case, replay.Coverage())["mismatches"] == [f"no expected {key}"]


def test_a_changed_pre_state_changes_the_root():
    case = copy.deepcopy(TRANSFER)
    case["alloc"]["0x00000000000000000000000000000000000000aa"] = {"balance": 1}
    assert replay.judge(case, replay.Coverage())["mismatches"]


def test_a_block_that_only_one_side_refuses_is_a_difference():
    refused_by_us = {**TRANSFER, "expected": {"error": "whatever"}}
    refused_by_them = {**GAP, "expected": TRANSFER["expected"]}
    for case in (refused_by_us, refused_by_them):
        assert replay.judge(case, replay.Coverage())["mismatches"]


def test_the_hand_counted_figures_are_the_reference_s():
    assert replay.replay(TRANSFER, replay.Coverage())["receipts"] == [{"status": 1, "gasUsed": 21000, "logs": 0}]
    assert [receipt["logs"] for receipt in replay.replay(CREATION, replay.Coverage())["receipts"]] == [0, 1]


def test_few_tame_cases_are_not_enough():
    coverage = replay.Coverage()
    for case in SAMPLE:
        replay.judge(case, coverage)
    assert coverage.types == {0: 1, 1: 1, 2: 1, 4: 1}
    assert coverage.cases == 3 and coverage.succeeding_percent() == 100
    faults = " ".join(coverage.faults())
    assert "at least 200" in faults and "MUL" in faults and "types" not in faults and "SSTORE" not in faults


def test_an_opcode_that_ran_out_of_gas_or_stack_is_not_counted():
    case = copy.deepcopy(DELEGATION)
    delegate = case["alloc"]["0x" + "cc" * 20]
    delegate["code"] = "0x50"  # POP on an empty stack
    coverage = replay.Coverage()
    result = replay.replay(case, coverage)
    assert result["receipts"][0]["status"] == 0 and not coverage.opcodes


@pytest.mark.parametrize("code, opcode", [("0xfe", replay.INVALID), ("0x5f5ffd", 0xFD)])
def test_the_opcodes_that_end_in_failure_are_counted(code, opcode):
    case = copy.deepcopy(DELEGATION)
    case["alloc"]["0x" + "cc" * 20]["code"] = code
    coverage = replay.Coverage()
    assert replay.replay(case, coverage)["receipts"][0]["status"] == 0
    assert opcode in coverage.opcodes
