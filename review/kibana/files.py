"""The saved objects as files, for those who import them by hand."""

from collections.abc import Mapping

from alerts.messages.translations import LANGUAGES
from review.kibana.objects import ndjson, saved_objects


def files(*, prefix: str = "turvakt", limit: int = 5) -> Mapping[str, str]:
    """One file per language, by its name.

    Args:
        prefix: what the names of the indices begin with.
        limit: see `review.kibana.objects.Maker`.
    """
    return {f"{language}.ndjson": ndjson(saved_objects(language, prefix=prefix, limit=limit)) for language in LANGUAGES}
