# SPDX-License-Identifier: ISC
"""The verdict: compares what a run did with what its scenario expects. Pure; no machine here.

Wanted markers count only at the start of a line, forbidden ones anywhere in it: what is doubtful
counts against the run in both cases.
"""
import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

from harness import markers, template, values
from harness.inject import Injection
from harness.markers import Seen
from harness.scenario import Expect, Scenario

# A run that should succeed fails on these, unless its scenario wants them.
NEVER_IN_SUCCESS = ("ERIX_KERNEL:PANIC", "ERIX_KERNEL:EXCEPTION", "ERIX_*:REFUSED:*",
                    "ERIX_*:FAIL:*", "ERIX_KERNEL:ROOTD_SMOKE:*", "ERIX_PROBE:FAILED")
NEAR_MISS_MIN = 0.75
PROOF = re.compile(r"ERIX_ROOTD:PROOF (\S+) ([0-9a-f]+)\s*\Z")
# The dump of registers behind the kernel's last marker.
LAST_WORDS_LINES = 16
LAST_WORD = "thread=0x"


@dataclass(frozen=True)
class Observation:
    """What a run did. `end` is an exit class, "poweroff", "verdict" or words for anything else."""
    end: str
    seen: tuple[Seen, ...]
    lines: tuple[str, ...]
    hang: str = ""
    step_waiting: str = ""
    nonce: str = ""
    disk_problems: tuple[str, ...] = ()
    attacks: tuple[Injection, ...] = ()


@dataclass(frozen=True)
class Reason:
    """One thing that is wrong, with lines of detail. `expected` is the text in the scenario."""
    text: str
    details: tuple[str, ...] = ()
    expected: str = ""


@dataclass(frozen=True)
class Progress:
    """How far the ordered markers have come."""
    matched: tuple[Seen, ...]
    missing: str | None


def follow(ordered: tuple[str, ...], seen: tuple[Seen, ...] | list[Seen]) -> Progress:
    """Match the ordered patterns one after the other against the markers seen."""
    matched: list[Seen] = []
    at = 0
    for pattern in ordered:
        while at < len(seen) and not _is_marker(pattern, seen[at]):
            at += 1
        if at == len(seen):
            return Progress(tuple(matched), pattern)
        matched.append(seen[at])
        at += 1
    return Progress(tuple(matched), None)


def forbidden_patterns(scenario: Scenario) -> tuple[str, ...]:
    """The patterns that must not occur, with those that no success may print."""
    expect = scenario.expect
    if scenario.wants_failure:
        return expect.forbidden
    wanted = (*expect.ordered, *expect.required)
    implied = [pattern for pattern in NEVER_IN_SUCCESS
               if not any(markers.matches(pattern, each) or pattern == each for each in wanted)]
    return (*expect.forbidden, *(each for each in implied if each not in expect.forbidden))


def first_forbidden(patterns: tuple[str, ...], seen: list[Seen] | tuple[Seen, ...]
                    ) -> tuple[str, Seen] | None:
    for each in seen:
        for pattern in patterns:
            if markers.matches(pattern, each.text):
                return pattern, each
    return None


def goal_reached(expect: Expect, seen: list[Seen]) -> bool:
    """Whether every wanted marker has come; ends a run whose exit is `verdict`."""
    if follow(expect.ordered, seen).missing is not None:
        return False
    return all(_count(pattern, seen) > 0 for pattern in expect.required) \
        and all(_count(pattern, seen) >= count for pattern, count in expect.count.items())


def _is_marker(pattern: str, seen: Seen) -> bool:
    return seen.at_start and markers.matches(pattern, seen.text)


def _count(pattern: str, seen: list[Seen] | tuple[Seen, ...]) -> int:
    return sum(_is_marker(pattern, each) for each in seen)


def _where(seen: Seen) -> str:
    return f"{seen.text}  serial.log:{seen.line}  {seen.time_s:.3f} s"


def _near_miss(pattern: str, observation: Observation) -> str | None:
    """A line that looks as if it had been meant to be the marker."""
    for number, line in enumerate(observation.lines, 1):
        text = markers.clean(line)
        if any(markers.matches(pattern, each.text) and not each.at_start
               for each in markers.in_line(line, number, 0.0)):
            return f"serial.log:{number} has it behind other text: {text.strip()[:100]}"
    best, best_line = NEAR_MISS_MIN, None
    for number, line in enumerate(observation.lines, 1):
        word = markers.clean(line).strip().split(" ")[0]
        if word in markers.known():
            continue  # a marker of its own, not a misspelt one
        likeness = difflib.SequenceMatcher(None, pattern, word).ratio() if word else 0.0
        if best < likeness < 1.0:
            best, best_line = likeness, f"serial.log:{number} {word}"
    return best_line


def _missing_details(pattern: str, after: tuple[Seen, ...], observation: Observation
                     ) -> tuple[str, ...]:
    last = after[-1] if after else None
    details = [f"last seen   {_where(last)}" if last else "last seen   no wanted marker at all"]
    following = [each for each in observation.seen if last is None or each.line > last.line]
    if following:
        details.append(f"then        {_where(following[0])}")
    near = _near_miss(pattern, observation)
    details.append(f"near miss   {near or '-'}")
    return tuple(details)


def _judge_end(scenario: Scenario, observation: Observation) -> list[Reason]:
    if observation.hang:
        return [Reason(observation.hang, expected=scenario.expect.exit)]
    if observation.end != scenario.expect.exit:
        return [Reason(f"ended with {observation.end}, wanted {scenario.expect.exit}",
                       expected=scenario.expect.exit)]
    return []


def _judge_ordered(scenario: Scenario, observation: Observation) -> list[Reason]:
    progress = follow(scenario.expect.ordered, observation.seen)
    if progress.missing is None:
        return []
    index = len(progress.matched) + 1
    return [Reason(f"ordered[{index}] never came: {progress.missing}",
                   _missing_details(progress.missing, progress.matched, observation),
                   progress.missing)]


def _judge_required(scenario: Scenario, observation: Observation) -> list[Reason]:
    return [Reason(f"required marker never came: {pattern}",
                   _missing_details(pattern, observation.seen[-1:], observation), pattern)
            for pattern in scenario.expect.required if not _count(pattern, observation.seen)]


def _judge_forbidden(scenario: Scenario, observation: Observation) -> list[Reason]:
    patterns = forbidden_patterns(scenario)
    reasons = []
    for pattern in patterns:
        found = first_forbidden((pattern,), observation.seen)
        if found:
            reasons.append(Reason(f"forbidden marker came: {_where(found[1])}",
                                  (f"forbidden by {pattern}",), pattern))
    return reasons


def _judge_count(scenario: Scenario, observation: Observation) -> list[Reason]:
    reasons = []
    for pattern, wanted in scenario.expect.count.items():
        count = _count(pattern, observation.seen)
        if count != wanted:
            reasons.append(Reason(f"{pattern} came {count} times, wanted {wanted}",
                                  expected=pattern))
    return reasons


def _judge_steps(_: Scenario, observation: Observation) -> list[Reason]:
    if not observation.step_waiting:
        return []
    tail = [markers.clean(line).rstrip() for line in observation.lines[-5:]]
    return [Reason(f"never answered: {observation.step_waiting}",
                   tuple(f"log ends    {line[:120]}" for line in tail if line))]


def _judge_proofs(scenario: Scenario, observation: Observation) -> list[Reason]:
    """Each verifier's proof: the digest of the run's nonce, a space and its name."""
    reasons = []
    for name in scenario.expect.proofs:
        given = [found[2] for found in map(PROOF.match, map(markers.clean, observation.lines))
                 if found and found[1] == name]
        wanted = template.proof(observation.nonce, name)
        if not given:
            reasons.append(Reason(f"{name} gave no proof", expected=f'"{name}"'))
        elif given != [wanted]:
            reasons.append(Reason(f"the proof of {name} is {' and '.join(given)}, "
                                  f"wanted {wanted}", expected=f'"{name}"'))
    return reasons


def _judge_details(scenario: Scenario, observation: Observation) -> list[Reason]:
    reasons = []
    for marker, wanted in scenario.expect.details.items():
        lines = [markers.clean(line).rstrip() for line in observation.lines]
        found = [line[len(marker):].strip() for line in lines
                 if line == marker or line.startswith(marker + " ")]
        if not any(re.fullmatch(wanted, each) for each in found):
            reasons.append(Reason(f"{marker} wanted `{wanted}` behind it, "
                                  f"had `{'`, `'.join(found)}`", expected=marker))
    return reasons


def _judge_disk(_: Scenario, observation: Observation) -> list[Reason]:
    return [Reason(f"disk: {problem}") for problem in observation.disk_problems]


def attacks_over(attacks: list[Injection], lines: tuple[str, ...]) -> bool:
    """Whether every attack was made and the kernel has said all of what it says of it."""
    return all(attack.is_over
               and (not attack.line or LAST_WORD in _last_words(attack.wanted, lines))
               for attack in attacks)


def _last_words(wanted: str, lines: tuple[str, ...]) -> str:
    """What the kernel printed from the wanted line on; empty if that line never came."""
    texts = [markers.clean(line).strip() for line in lines]
    if wanted not in texts:
        return ""
    at = texts.index(wanted)
    return "\n".join(texts[at:at + LAST_WORDS_LINES])


def _judge_attack(attack: Injection, observation: Observation) -> Reason | None:
    title = f"attack {attack.what}"
    if attack.hits == 0:
        why = attack.problem or f"the kernel never came to {attack.at}"
        return Reason(f"{title} was not made: {why}", expected=attack.what)
    if not attack.line:
        return None
    words = _last_words(attack.wanted, observation.lines)
    if not words:
        return Reason(f"{title} was not stopped: no {attack.wanted}", expected=attack.line)
    address = "" if attack.address is None else f"cr2=0x{attack.address:016x}"
    if address not in words:
        return Reason(f"{title} was stopped otherwise: wanted {address}",
                      tuple(words.splitlines()), attack.line)
    return None


def _judge_attacks(_: Scenario, observation: Observation) -> list[Reason]:
    reasons = [_judge_attack(attack, observation) for attack in observation.attacks]
    return [reason for reason in reasons if reason]


RULES: tuple[Callable[[Scenario, Observation], list[Reason]], ...] = (
    _judge_end, _judge_ordered, _judge_required, _judge_count, _judge_forbidden, _judge_steps,
    _judge_proofs, _judge_details, _judge_disk,
    _judge_attacks)


def judge(scenario: Scenario, observation: Observation) -> tuple[Reason, ...]:
    """Everything that is wrong with a run; nothing if it passed."""
    return tuple(reason for rule in RULES for reason in rule(scenario, observation))


def name_end(status: int | None, shutdown_reason: str | None) -> str:
    """Words for the way a machine ended by itself. Status 0 alone is no clean power-off: a reset
    or a triple fault under -no-reboot gives it too."""
    if status is None:
        return "the machine closed its serial line and did not end"
    exit_class = values.exit_name(status)
    if exit_class:
        return exit_class
    if status < 0:
        return f"QEMU died of signal {-status}"
    if status == 0:
        return values.EXIT_POWEROFF if shutdown_reason == "guest-shutdown" \
            else f"a reset (QEMU says {shutdown_reason})"
    if status == 1:
        return "QEMU refused to start or failed"
    return f"QEMU status {status}, which is no exit class"
