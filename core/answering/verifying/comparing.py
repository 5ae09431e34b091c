"""What speaks for a claim in the passages it cites, and what against it, as figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import NamedTuple

from core.answering.verifying.rarity import rarities
from core.answering.verifying.reading import Direction, Reading, Sentence
from core.answering.verifying.windows import PREFIX
from core.answering.verifying.words import Token

_RELATED = 0.8
_NEAR = 0.6
_NEIGHBOURS = 3
_MOST_NAMES = 2
_FEWEST_AROUND = 2
_LONGEST_ACRONYM = 6
_SHORTEST_FORM = 3
_LONGEST_SUFFIX = 2
_DENYING_ELSE = 0.4
_MOSTLY_DENIED = 2


class Findings(NamedTuple):
    """Each in 0..1; shares are weighed by how rare the words are.

    For the claim speaks what is `covered` by the whole passage, by its best `window` of up to
    three sentences, by its best `sentence`; and the directions that are `agreeing`. Against it
    speak `opposite` directions, `denying` what the passage speaks of but does not deny, `ignoring`
    that it denies, `numbers` and `names` that the passage lacks. In a claim that repeats the
    passage closely they stand out, as `altered_numbers` and `altered_names`, and so do names that
    stand elsewhere: `moved_names`.
    """

    covered: float
    window: float
    sentence: float
    agreeing: float
    opposite: float
    denying: float
    ignoring: float
    numbers: float
    names: float
    altered_numbers: float
    altered_names: float
    moved_names: float


def compare(claim: Reading, passage: Reading) -> Findings:
    """The figures of a claim against a passage."""
    tokens = [token for sentence in claim.sentences for token in sentence.tokens]
    weights = rarities([token.stem for token in tokens])
    total = sum(weights.values()) or 1.0
    shares = [held / total for held in passage.windows.held(weights, _RELATED)]
    window = passage.windows.best(shares)
    start, end = passage.windows.spans[window]
    best = passage.sentences[start:end]
    singles = shares[: len(passage.sentences)]
    most = max(singles)
    nearest = passage.sentences[singles.index(most)]
    agreeing, opposite = _directions(claim, best)
    plain = all(sentence.plain for sentence in claim.sentences)
    numbers, names, moved = (0.0, 0.0, 0.0) if plain else _misplaced(tokens, passage)
    closely = _pairs(tokens, passage, weights) ** 2 if numbers or names or moved else 0.0
    denying = _denying(claim, (*best, *_near(passage, singles))) if claim.denies else 0.0
    return Findings(
        covered=_covered(weights, passage) / total,
        window=shares[window],
        sentence=most,
        agreeing=agreeing,
        opposite=opposite,
        denying=denying,
        ignoring=_ignoring(claim, nearest) * most**2,
        numbers=numbers,
        names=names,
        altered_numbers=numbers * closely,
        altered_names=names * closely,
        moved_names=moved * closely,
    )


def _near(passage: Reading, shares: Sequence[float]) -> list[Sentence]:
    """The sentences that have nearly as much of the claim as the one that has most."""
    enough = _NEAR * max(shares)
    return [s for share, s in zip(shares, passage.sentences, strict=True) if share >= enough]


def _covered(weights: Mapping[str, float], passage: Reading) -> float:
    """What the whole passage has of the weights; of a stem that is only related, a share."""
    terms, prefixes = passage.terms, passage.prefixes
    covered = 0.0
    for term, weight in weights.items():
        if term in terms:
            covered += weight
        elif len(term) >= PREFIX and term[:PREFIX] in prefixes:
            covered += _RELATED * weight
    return covered


def _share(of: Sequence[object], those: Sequence[object]) -> float:
    return len(those) / len(of) if of else 0.0


def _pairs(tokens: Sequence[Token], passage: Reading, weights: Mapping[str, float]) -> float:
    stems = [token.stem for token in tokens]
    weighed = [(pair, weights[pair[0]] + weights[pair[1]]) for pair in pairwise(stems)]
    total = sum(weight for _, weight in weighed)
    return sum(w for pair, w in weighed if pair in passage.pairs) / total if total else 1.0


def _misplaced(tokens: Sequence[Token], passage: Reading) -> tuple[float, float, float]:
    """How far numbers and names are missing, and how far they stand elsewhere."""
    telling = [
        (at, token)
        for at, token in enumerate(tokens)
        if token.name or token.number or token.text[0].isupper()
    ]
    those = [token for _, token in telling]
    torn = [_torn(tokens, at, passage) for at, token in telling if _is_name(token, passage)]
    return _missing_numbers(those, passage), _missing_names(those, passage), max(torn, default=0.0)


def _missing_numbers(tokens: Iterable[Token], passage: Reading) -> float:
    """1 for a number in digits that is not there, or has another unit; half for one in words."""
    missing = [
        1.0 if token.text[0].isdigit() else 0.5
        for token in tokens
        if token.number and not token.vague and not _counted(token, passage)
    ]
    return max(missing, default=0.0)


def _counted(token: Token, passage: Reading) -> bool:
    units = passage.numbers.get(token.number)
    return units is not None and (not token.unit or token.unit in units or "" in units)


def _missing_names(tokens: Iterable[Token], passage: Reading) -> float:
    """What the missing ones weigh, up to two of them."""
    missing = rarities(
        [t.stem for t in tokens if t.name and not _known(t.stem, passage) and not _akin(t, passage)]
    )
    return min(sum(missing.values()), _MOST_NAMES) / _MOST_NAMES


def _known(stem: str, passage: Reading) -> bool:
    related = len(stem) >= PREFIX and stem[:PREFIX] in passage.prefixes
    return stem in passage.terms or related


def _akin(name: Token, passage: Reading) -> bool:
    """Whether the passage has a longer or shorter form of the name, or words with its initials."""
    if len(name.stem) < _SHORTEST_FORM:
        return name.text.lower() in passage.initials
    forms = (term for term in passage.terms if len(term) >= _SHORTEST_FORM)
    if any(form.startswith(name.stem) or _suffixed(name.stem, form) for form in forms):
        return True
    acronym = name.text.isupper() and len(name.text) <= _LONGEST_ACRONYM
    return acronym and name.text.lower() in passage.initials


def _suffixed(stem: str, form: str) -> bool:
    return stem.startswith(form) and len(stem) - len(form) <= _LONGEST_SUFFIX


def _is_name(token: Token, passage: Reading) -> bool:
    """Of a capital at the beginning of a sentence, only the passage tells."""
    return token.name or bool(token.number) or token.stem in passage.names


def _torn(tokens: Sequence[Token], at: int, passage: Reading) -> float:
    """How much of what stands around a word in the claim stands elsewhere in the passage."""
    stem, terms = tokens[at].stem, passage.terms
    if stem not in terms:
        return 0.0
    near = (tokens[max(0, at - _NEIGHBOURS) : at], tokens[at + 1 : at + 1 + _NEIGHBOURS])
    before, after = ([t.stem for t in ts if t.stem != stem and t.stem in terms] for ts in near)
    known = [*((each, stem) for each in before), *((stem, each) for each in after)]
    return _share(known, [pair for pair in known if pair not in passage.pairs])


def _denying(claim: Reading, evidence: Sequence[Sentence]) -> float:
    """1 where the claim denies something that the evidence speaks of and nowhere denies.

    Less where the evidence denies something else in the same sentence: words may stand for each
    other.
    """
    denied = frozenset[str]().union(*(scope for s in evidence for scope in s.denials))
    scopes = [scope for s in claim.sentences for scope in s.denials if not scope & denied]
    return max((_unheard(scope, evidence) for scope in scopes), default=0.0)


def _ignoring(claim: Reading, evidence: Sentence) -> float:
    """1 where the claim denies nothing, but says what the evidence denies."""
    if not evidence.denials or claim.denies:
        return 0.0
    said = frozenset(term for sentence in claim.sentences for term in _prefixes(sentence))
    return float(any(len(s) >= _MOSTLY_DENIED and s <= said for s in evidence.denials))


def _unheard(denied: AbstractSet[str], evidence: Iterable[Sentence]) -> float:
    speaking = [sentence for sentence in evidence if denied & _prefixes(sentence)]
    if any(sentence.denials for sentence in speaking):
        return _DENYING_ELSE
    return float(bool(speaking))


def _prefixes(sentence: Sentence) -> AbstractSet[str]:
    return frozenset(term[:PREFIX] for term in sentence.terms)


def _directions(claim: Reading, evidence: Iterable[Sentence]) -> tuple[float, float]:
    """How far the words around a direction of the claim have the same one in the evidence.

    And how far, around another one perhaps, the opposite.
    """
    directions = [each for sentence in claim.sentences for each in sentence.directions]
    if not directions:
        return 0.0, 0.0
    known = {
        (each.axis, each.sign, term)
        for sentence in evidence
        for each in sentence.directions
        for term in each.around
    }
    balances = [_balance(each, known) for each in directions]
    return max((0.0, *balances)), -min((0.0, *balances))


def _balance(direction: Direction, known: AbstractSet[tuple[str, int, str]]) -> float:
    axis, sign, around = direction.axis, direction.sign, direction.around
    same = sum((axis, sign, term) in known for term in around)
    opposite = sum((axis, -sign, term) in known for term in around)
    return (same - opposite) / max(_FEWEST_AROUND, len(around))
