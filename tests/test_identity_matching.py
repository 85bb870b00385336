"""Each stage of recognising a question, and what it must not do; the ledger's file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from test_identity_fuzz import Author, Item, bank_of
from tiku import ledger
from tiku.errors import DocumentError, ExportError
from tiku.identity import Identity, Memory, identify, stamp_for

if TYPE_CHECKING:
    from tiku.model import Bank


@pytest.fixture
def author() -> Author:
    return Author(7, chinese=True)


def first(items: list[Item]) -> tuple[Memory, dict[int, str]]:
    """What a first build remembers, and the name of each item."""
    identity = identify(bank_of(items), None, 100)
    return identity.memory(), names(items, identity)


def names(items: list[Item], identity: Identity) -> dict[int, str]:
    questions = bank_of(items).questions
    return {item.uid: identity.of(question).guid for item, question in zip(items, questions, strict=True)}


def with_ids(bank: Bank, ids: dict[int, str]) -> Bank:
    section = bank.sections[0]
    questions = tuple(replace(each, id=ids.get(place, each.id)) for place, each in enumerate(section.questions))
    return replace(bank, sections=(replace(section, questions=questions),))


def test_a_first_build_names_by_content(author: Author) -> None:
    items = [author.new() for _ in range(5)]
    _, one = first(items)
    _, two = first(list(reversed(items)))
    assert one == two
    assert len(set(one.values())) == 5


def test_identical_twins_are_told_apart_by_number_and_order(author: Author) -> None:
    item = author.new()
    items = [replace(item, uid=1), author.new(), replace(item, uid=2)]
    items[1].uid = 3
    memory, before = first(items)
    assert names(items, identify(bank_of(items), memory, 200)) == before


def test_a_new_question_in_the_place_of_a_removed_one_does_not_inherit(author: Author) -> None:
    items = [author.new() for _ in range(9)]
    memory, before = first(items)
    lost = items[4]
    items[4] = author.new()
    identity = identify(bank_of(items), memory, 200)
    after = names(items, identity)
    assert after[items[4].uid] != before[lost.uid]
    assert [known.guid for known in identity.removed] == [before[lost.uid]]


def test_a_title_that_all_bear_does_not_make_a_question(author: Author) -> None:
    items = [replace(author.new(), title="A question with several answers") for _ in range(9)]
    memory, before = first(items)
    other = author.new()
    items[4] = replace(items[4], uid=99, prompt=other.prompt, answer=other.answer)
    after = names(items, identify(bank_of(items), memory, 200))
    assert after[99] not in before.values()


def test_two_equal_candidates_are_not_guessed_and_are_reported(author: Author) -> None:
    """One question becomes two halves of the same size, with titles and prompts of their own."""
    items = [author.new() for _ in range(6)]
    items[3].answer = [author.sentence() for _ in range(8)]
    memory, before = first(items)
    old = items.pop(3)
    halves = [
        Item(100, author.sentence()[:20], author.sentence(), old.answer[0::2]),
        Item(101, author.sentence()[:20], author.sentence(), old.answer[1::2]),
    ]
    items[0:0] = halves
    identity = identify(bank_of(items), memory, 200)
    after = names(items, identity)
    if before[old.uid] in after.values():  # one was clearly closer
        assert not identity.doubts
    else:
        assert {known.guid for doubt in identity.doubts for known in doubt.candidates} == {before[old.uid]}
        assert len(identity.doubts) == 2


def test_a_question_that_was_gone_comes_back_under_its_name(author: Author) -> None:
    items = [author.new() for _ in range(6)]
    memory, before = first(items)
    kept = items.pop(2)
    memory = identify(bank_of(items), memory, 200).memory()
    kept.answer = [*kept.answer, author.sentence()]
    items.insert(2, kept)
    assert names(items, identify(bank_of(items), memory, 300)) == before


def test_explicit_ids_win_and_survive_everything(author: Author) -> None:
    items = [author.new() for _ in range(4)]
    memory = identify(with_ids(bank_of(items), {0: "alpha", 1: "beta"}), None, 100).memory()
    swapped = identify(with_ids(bank_of(items), {0: "beta", 1: "alpha"}), memory, 200)
    by_key = {known.key: known.guid for known in memory.known if known.key}
    assert [known.guid for known in list(swapped.names.values())[:2]] == [by_key["beta"], by_key["alpha"]]


def test_different_ids_are_different_questions(author: Author) -> None:
    items = [author.new() for _ in range(3)]
    memory = identify(with_ids(bank_of(items), {0: "alpha"}), None, 100).memory()
    again = identify(with_ids(bank_of(items), {0: "gamma"}), memory, 200)
    assert next(iter(again.names.values())).guid != memory.known[0].guid


def test_ids_of_two_banks_do_not_collide(author: Author) -> None:
    bank = with_ids(bank_of([author.new()]), {0: "q1"})
    one, two = (identify(replace(bank, title=title), None, 100).names["q1"].guid for title in ("A", "B"))
    assert one != two


def test_an_id_given_twice_is_an_error_with_its_place(author: Author) -> None:
    bank = bank_of([author.new(), author.new()])
    with pytest.raises(ExportError, match="'same' is given to two questions"):
        identify(with_ids(bank, {0: "same", 1: "same"}), None, 100)


def test_a_stamp_names_its_question_without_any_memory(author: Author) -> None:
    items = [author.new() for _ in range(2)]
    for guid in ("tk0123456789abcdef01", "tk0123456789abcdef01-fill", "x;Y<1'\"é"):
        bank = with_ids(bank_of(items), {0: stamp_for(guid)})
        assert next(iter(identify(bank, None, 100).names.values())).guid == guid


def test_times_rise_only_with_a_change_and_always_above_the_old(author: Author) -> None:
    bank = bank_of([author.new()])
    question = bank.questions[0]
    identity = identify(bank, None, 1000)
    assert identity.settle(question, form="open", content="a", deck="d").modified == 1000
    later = identify(bank, identity.memory(), 2000)
    assert later.settle(question, form="open", content="a", deck="d").modified == 1000
    assert later.settle(question, form="open", content="b", deck="d").modified == 2000
    earlier = identify(bank, later.memory(), 5)
    assert earlier.settle(question, form="open", content="c", deck="d").modified == 2001


# -- the ledger ---------------------------------------------------------------------------------------------------


def test_a_ledger_reads_back_equal_and_in_order(author: Author) -> None:
    items = [author.new() for _ in range(20)]
    memory, _ = first(items)
    again = ledger.loads(ledger.dumps(memory))
    assert [known.guid for known in again.known] == [known.guid for known in memory.known]
    assert ledger.dumps(again) == ledger.dumps(memory)
    assert again.known == memory.known


def test_an_inserted_question_changes_two_lines(author: Author) -> None:
    items = [author.new() for _ in range(20)]
    memory, _ = first(items)
    item = author.new()
    for place, each in enumerate(items):
        each.uid = place
    more = [*items[:10], item, *items[10:]]
    bank = bank_of(more)
    section = bank.sections[0]
    numbered = replace(section, questions=tuple(replace(each, number="") for each in section.questions))
    plain = replace(bank, sections=(numbered,))
    old = bank_of(items)
    before = replace(
        old,
        sections=(
            replace(old.sections[0], questions=tuple(replace(each, number="") for each in old.sections[0].questions)),
        ),
    )
    memory = identify(before, None, 100).memory()
    later = identify(plain, memory, 200).memory()
    one, two = set(ledger.dumps(memory).splitlines()), set(ledger.dumps(later).splitlines())
    assert len(two - one) == 2


def test_both_sides_of_a_merge_count(author: Author) -> None:
    items = [author.new() for _ in range(6)]
    memory, before = first(items)
    ours, theirs = author.new(), author.new()
    one = ledger.dumps(identify(bank_of([*items, ours]), memory, 200).memory()).splitlines()
    two = ledger.dumps(identify(bank_of([theirs, *items]), memory, 300).memory()).splitlines()
    merged = "\n".join([*one[:2], "<<<<<<< HEAD", *one[2:], "=======", *two[1:], ">>>>>>> theirs"])
    everything = [theirs, *items, ours]
    after = names(everything, identify(bank_of(everything), ledger.loads(merged), 400))
    assert {uid: after[uid] for uid in before} == before
    assert len(identify(bank_of(everything), ledger.loads(merged), 400).matches) == 8


@pytest.mark.parametrize("line", ["{", "[]", '{"guid": 3}', '{"guid": "a", "title": "x~%%%"}', '{"tiku-ids": 9}'])
def test_a_damaged_ledger_is_an_error_with_its_line(line: str) -> None:
    with pytest.raises(DocumentError, match=r"names\.jsonl:2: ") as caught:
        ledger.loads('{"tiku-ids": 1, "namespace": ""}\n' + line, "names.jsonl")
    assert caught.value.line == 2
