"""Takes out of texts what leads to persons: addresses, numbers, keys."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.exporting.samples import Annotated, Judged, Sample
from application.ports import Turn
from domain.errors import Invalid

# Each pattern is linear in the length of the text: no part of it can match in two ways.
PATTERNS = {
    "email": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    "phone": re.compile(r"(?<!\w)\+?\d(?:[ ().-]?\d){7,14}(?!\w)"),
    "ip": re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)"),
    "url": re.compile(r"(?i)\bhttps?://[^\s<>\"')\]]{1,2000}"),
    "key": re.compile(r"(?<!\w)(?:sk|pk|ghp|xox[abp]|AKIA)[-_]?[A-Za-z0-9_-]{16,200}"),
}


@dataclass(frozen=True, slots=True)
class Redaction:
    """Which kinds of things are taken out, in this order."""

    rules: Sequence[str] = ()

    def __post_init__(self) -> None:
        if unknown := [each for each in self.rules if each not in PATTERNS]:
            raise Invalid(f"redact: {unknown[0]!r} is none of {', '.join(PATTERNS)}.")

    def text(self, text: str) -> str:
        """A text with what was taken out named in brackets."""
        for each in self.rules:
            text = PATTERNS[each].sub(f"[{each}]", text)
        return text

    def sample(self, sample: Sample) -> Sample:
        """A sample with all its texts treated."""
        if not self.rules:
            return sample
        context = [Turn(each.role, self.text(each.content)) for each in sample.context]
        if isinstance(sample, Judged):
            both = replace(
                sample,
                context=context,
                answer_a=self.text(sample.answer_a),
                answer_b=self.text(sample.answer_b),
            )
            if isinstance(both, Annotated):
                return replace(both, comment=self.text(both.comment))
            return both
        return replace(
            sample,
            context=context,
            answer=self.text(sample.answer),
            comment=self.text(sample.comment),
        )
