"""Mistral's embeddings: OpenAI's shape, Mistral's refusals.

Source: mistralai package, client/models/embeddingresponse.py.
"""

from __future__ import annotations

from typing import Final

from tallystick.meter.parse.framing.framings import choose_document
from tallystick.meter.parse.providers.openai_embeddings import EMBEDDING_FORMAT, parse_embedding
from tallystick.meter.parse.providers.refusals import refuse_mistral
from tallystick.meter.parse.wire import WireDialect

MISTRAL_EMBEDDINGS: Final = WireDialect(
    "mistral-embeddings", parse_embedding, EMBEDDING_FORMAT, choose_document, refuse_mistral
)
