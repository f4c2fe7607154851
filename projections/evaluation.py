"""The read models of the lane `evaluation`: votes, opinions and usage, and what they come to."""

from projections.judgings import judgings
from projections.opinions import opinions
from projections.queues import queues
from projections.read_model import ReadModel
from projections.usage import usage
from projections.voters import voters
from projections.votes import votes

EVALUATION: tuple[ReadModel, ...] = (votes, voters, opinions, usage, judgings, queues)
