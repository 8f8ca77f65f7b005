"""The names of the curves that questions are asked of, whatever a log calls them."""

LOSS, VALIDATION, RATE, NORM = "loss", "validation_loss", "lr", "grad_norm"
SCALE = "loss_scale"  # by which mixed precision multiplies the loss
SKIPPED = "skipped"  # updates that mixed precision left out, counted from the first
EPOCH, SAMPLES, TOKENS = "epoch", "samples", "tokens"  # consumed behind this update
BATCH = "batch_size"  # samples of this update
OF_GROUP = "lr/"  # and the name of a group, for the learning rates of the groups behind the first
