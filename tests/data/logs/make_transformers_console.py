"""Three epochs of a line through numbers in the Trainer, which prints what it logs."""

import torch
from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments


class Config(PretrainedConfig):
    model_type = "line"


class Line(PreTrainedModel):
    config_class = Config

    def __init__(self, config):
        super().__init__(config)
        self.line = torch.nn.Linear(4, 1)
        self.post_init()

    def forward(self, x=None, labels=None):
        guess = self.line(x)
        return {"loss": ((guess - labels) ** 2).mean(), "logits": guess}


numbers = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
data = [{"x": x, "labels": x.sum(0, keepdim=True)} for x in numbers]
torch.manual_seed(0)
arguments = TrainingArguments(
    "out",
    num_train_epochs=3,
    per_device_train_batch_size=4,
    logging_steps=4,
    eval_strategy="epoch",
    learning_rate=1e-2,
    warmup_steps=8,
    save_strategy="no",
    report_to=[],
    use_cpu=True,
    seed=0,
)
Trainer(Line(Config()), arguments, train_dataset=data, eval_dataset=data[:16]).train()
