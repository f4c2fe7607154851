"""The read models of the lane `evaluation`: votes, opinions and usage, and what they come to."""

from projections.opinions import opinions
from projections.read_model import ReadModel
from projections.usage import usage
from projections.votes import votes

EVALUATION: tuple[ReadModel, ...] = (votes, opinions, usage)
