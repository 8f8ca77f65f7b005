"""torchtune's one schedule: a warmup by t/W and waves of a cosine."""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined, reach, textbook, waving
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import hold


def cosine(q: Question) -> Answer:
    """(1 + cos(2 pi cycles (t - W) / (T - W))) / 2, which goes on behind T."""
    warm, total = q.whole("num_warmup_steps"), q.whole("num_training_steps", q.steps, low=1)
    cycles = q.number("num_cycles", 0.5, low=0)
    if warm >= total or cycles == 0:
        raise SpecError(
            f"{q.of}: expected num_warmup_steps below num_training_steps and num_cycles above 0, "
            f"got {warm}, {total} and {cycles:g}"
        )
    half, steps = (total - warm) / (2 * cycles), reach(q, total)
    if q.faithful:
        return Answer(joined(textbook(warm), waving(q, half, steps - warm, 0.0)), q.base_lr, steps)
    notes = (f"torchtune goes on in waves behind step {total}; read as held there",)
    return Answer(joined(textbook(warm), waving(q, half, total - warm, 0.0), hold()), q.base_lr, steps, notes)


NAMES = {"get_cosine_schedule_with_warmup": cosine}
