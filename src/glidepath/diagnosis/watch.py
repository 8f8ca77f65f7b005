"""The checks of a loss while it is written: what `diagnose` hears afterwards, heard step by step."""

from dataclasses import dataclass, field, replace
from math import isfinite, log2

from glidepath.diagnosis.circumstances import Circumstances
from glidepath.diagnosis.divergence import diverged
from glidepath.diagnosis.excursion import Excursion, Excursions
from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.norms import Witness
from glidepath.diagnosis.precision_loss import collapse, no_number
from glidepath.diagnosis.rates import AT_PEAK, CHANGED
from glidepath.diagnosis.seams import DEAD, shifted
from glidepath.diagnosis.spikes import spike
from glidepath.diagnosis.view import SOON

JUMPED = 1 + CHANGED  # times a learning rate: a jump upward
FIRST = 100  # tells in which a loss scale finds its place
HALVINGS, FORGOTTEN = 4.0, 0.02  # of the loss scale of late, which fade: half of them in 34 tells
SKIPS = 0.4  # of the last norms, so counted, that are no numbers
FOR_GOOD = 3  # losses in a row that are no numbers


@dataclass(slots=True)
class Watch:
    """The online checks of one training: told of each update, it answers with what is known since.

    The same rules as `diagnose` for divergence, spikes and numbers that are none, in a state that does not grow with
    the steps; what `diagnose` needs the whole run for (peaks, decays, warmups) is not asked. A step that goes back is
    a resume. A microsecond or ten a call.

    >>> watch = Watch()
    >>> losses = [2.0 / (1 + step) for step in range(60)] + [float("nan")] * 40
    >>> [found.kind for step, loss in enumerate(losses) for found in watch.tell(step, loss=loss)]
    ['not finite', 'not finite']
    """

    ears: Excursions = field(default_factory=Excursions)
    witness: Witness = field(default_factory=Witness)
    told: int = 0
    last: int = -1
    resumed: int = -FIRST  # the tell at which a process began again
    raised: int = -FIRST  # and at which the learning rate jumped up
    warm: int = 0  # and at which it first was at its highest
    rate: float | None = None
    peak: float | None = None
    scale: float | None = None
    halvings: float = 0.0
    skips: float = 0.0
    broken: int = 0
    collapsed: bool = False
    loud: bool | None = None  # the gradient norm in the excursion under way
    loudness: float = 0.0  # and its distance
    away: Excursion | None = None  # the last that stayed
    around: Circumstances = field(default_factory=Circumstances)

    def tell(
        self,
        step: int,
        *,
        loss: float,
        lr: float | None = None,
        grad_norm: float | None = None,
        loss_scale: float | None = None,
    ) -> tuple[Finding, ...]:
        """Hear of an update; gives what is known since, most often nothing."""
        self.told += 1
        if step < self.last:
            self.resumed = self.told
        self.last = step
        if lr is not None:
            self._hear_rate(lr)
        loud = self.witness.jumps(step, grad_norm)
        found = self._hear_precision(step, grad_norm, loss_scale)
        if not isfinite(loss):
            return found + self._hear_no_number(step)
        self.broken = 0
        self.loud = loud if grad_norm is not None else None
        event = self.ears.tell(step, loss, both=loud)
        return found if event is None else found + self._said(event)

    def resume(self) -> None:
        """A process begins again: what follows at once may be its doing."""
        self.resumed = self.told + 1

    def _hear_rate(self, lr: float) -> None:
        if self.peak is None or self.rate is None:
            self.peak, self.warm = lr, self.told
        elif lr > self.rate * JUMPED and 0 < self.rate < AT_PEAK * self.peak and self.told - self.warm > FIRST:
            self.raised = self.told
        if lr * AT_PEAK > self.peak:
            self.peak, self.warm = lr, self.told
        self.rate = lr

    def _hear_precision(self, step: int, norm: float | None, scale: float | None) -> tuple[Finding, ...]:
        if norm is not None:
            self.skips += FORGOTTEN * ((0.0 if isfinite(norm) else 1.0) - self.skips)
        if scale is not None and scale > 0:
            fell = 0.0 if self.scale is None else max(0.0, log2(self.scale / scale))
            self.halvings += fell - FORGOTTEN * self.halvings
            self.scale = scale
        if self.collapsed or self.told <= FIRST or (self.halvings < HALVINGS and self.skips < SKIPS):
            return ()
        self.collapsed = True
        return (collapse(step, self.scale),)

    def _hear_no_number(self, step: int) -> tuple[Finding, ...]:
        self.broken += 1
        if self.broken not in (1, FOR_GOOD):
            return ()
        for_good = self.broken == FOR_GOOD
        return (no_number(step - self.broken + 1, self.broken, 0, self.rate, for_good=for_good),)

    def _said(self, event: Excursion) -> tuple[Finding, ...]:
        """What an excursion is: nothing yet where it begins."""
        if event.stays is None and event.end is None:
            self.around, self.loudness = self._circumstances(), self.witness.distance
            return ()
        if event.end is not None and event.stays is not None:
            return ()  # said when it stayed
        if event.stays is None:
            return (spike(event, replace(self.around, chance=self._chance(event))),)
        if self.away is not None and self.away is not event and self.away.end is None:
            return ()  # away already, at another scale
        self.away = event
        if event.jump and event.height < DEAD * event.fall and not self.around.resumed:
            return (shifted(event.begin, event.base, event.first, None),)
        return (diverged(event, self.around),)

    def _chance(self, event: Excursion) -> float:
        """How likely it is no more than the tail of the losses, or of the norms, so far."""
        alone = self.ears.tail.chance(event.distance) if event.distance else 0.0
        return min(alone, self.witness.tail.chance(self.loudness)) if self.around.norm else alone

    def _circumstances(self) -> Circumstances:
        return Circumstances(
            resumed=self.told - self.resumed <= SOON,
            raised=self.told - self.raised <= SOON,
            settled=self.told > FIRST + 2 * self.warm,
            norm=self.loud,
            rate=self.rate,
            peak=self.peak,
        )
