"""The jobs that find out what battles are about."""

from collections.abc import Mapping

from application.documents.settings import Embedding
from infrastructure.chores import Chore
from infrastructure.evaluation.classifying import Classifying
from infrastructure.evaluation.questions import JOB, Questions
from interfaces.services import Services


async def classifying(services: Services) -> Mapping[str, Chore]:
    """What embeds questions; models are loaded when there is one, and let go afterwards."""
    embedder = await services.documents.embedder(Embedding())
    questions = Questions(services.log, services.lines, embedder)
    return {
        "classify": Chore(Classifying(questions).classify, patient=True),
        JOB: Chore(questions.read, patient=True),
    }
