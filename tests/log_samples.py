# ruff: noqa: E501 - lines of logs are as long as they are
"""Logs in text and JSON lines, built of lines that notes on the sources of each program quote, and what each says.

One training is told in every dialect: 30 updates of 40, the loss 5 - 0.1 i at update i, not a number at update 7. A
kill behind update 24 and a checkpoint behind update 19 make updates 20 to 24 happen twice, the second time a hundredth
lower. It is evaluated behind updates 9, 19 and 29. The learning rate rises over 10 updates to 1e-3, then falls.

`SAMPLES` maps the name of a file to its text, `TOLD` to what a reader must find.
"""

from types import MappingProxyType

from log_telling import Told

MEGATRON = (
    "iteration {n}/ 40 | consumed samples: {tokens} | elapsed time per iteration (ms): 512.3 | throughput per GPU "
    "(TFLOP/s/GPU): 400.1 | learning rate: {next} | global batch size: 512 | lm loss: {loss} | loss scale: 1.0 | "
    "grad norm: {norm} | number of skipped iterations: 0 | number of nan iterations: 0 |"
)
EXPONENTS = {"loss": ".6E", "lr": ".6E", "norm": ".3f", "check": ".6E"}
TOLD = MappingProxyType(
    {
        "nanogpt.log": Told(
            "nanogpt",
            "iter {i}: loss {loss}, time 135.10ms, mfu 38.20%",
            "step {n}: train loss 2.1002, val loss {check}",
            "Overriding: max_iters = 40\nOverriding: learning_rate = 0.001\ntokens per iteration will be: 491,520",
            "Resuming training from out",
            settings={"tokens_per_step": 491_520, "learning_rate": 0.001},
        ),
        "nanochat.log": Told(
            "nanochat",
            "step {i}/40 (0.05%) | loss: {loss} | lrm: {lr} | dt: 512.34ms | tok/sec: 1,023,456 | bf16_mfu: 45.67 | "
            "epoch: 1 | total time: 0.12m",
            "Step {n} | Validation bpb: {check}",
            "Total batch size 524,288 => gradient accumulation steps: 1",
            forms={"loss": ".6f", "lr": ".2f", "check": ".6f"},
            validation="validation_bpb",
            rate="lr_multiplier",
            settings={"tokens_per_step": 524_288},
        ),
        "main.log": Told(
            "llmc",
            "s:{i} trl:{loss} lr:{lr} norm:{norm}",
            "s:{n} tel:{check}\ns:{n} eval:0.2512",
            forms={"lr": ".6f", "norm": ".2f"},
            horizon=False,
        ),
        "llmc_stdout.log": Told(
            "llmc",
            "step {n}/40 | loss {loss} (+0.12z)| norm {norm} (-0.10z)| lr {lr} | 123.45 ms | 50.1% bf16 MFU | 424242 tok/s",
            "val loss {check}",
            forms={"loss": ".6f", "lr": ".2e", "check": ".6f"},
        ),
        "modded_nanogpt.txt": Told(
            "modded_nanogpt",
            "step:{n}/40 train_loss:{loss} train_time:123456ms step_avg:123.45ms",
            "step:{n}/40 val_loss:{check} train_time:123456ms step_avg:123.45ms",
            'import os\nprint(f"step:{step}/{args.num_iterations} val_loss:{val_loss:.4f} train_time:{time}ms")\n'
            + "=" * 99,
        ),
        "megatron.log": Told(
            "megatron",
            " [2026-01-01 00:00:00.123456] " + MEGATRON,
            " validation loss at iteration {n} | lm loss value: {check} | lm loss PPL: 2.0E+01 | ",
            "  lr .............................................. 0.001\n"
            "  lr_decay_style .................................. cosine\n"
            "  global_batch_size ............................... 512\n"
            "  seq_length ...................................... 1024",
            "  successfully loaded checkpoint from /checkpoints [ t 1/1, p 1/1 ] at iteration 20",
            EXPONENTS,
            nan="NAN",
            settings={"lr": 0.001, "lr_decay_style": "cosine", "tokens_per_step": 512 * 1024},
        ),
        "gpt_neox.log": Told(
            "gpt_neox",
            "10.0.0.1:  samples/sec: 12.345 | iteration {n}/ 40 | elapsed time per iteration (ms): 80.1 | learning rate: "
            "{next} | approx flops per GPU: 1.2TFLOPS | lm_loss: {loss} | loss scale: 65536.0 | number of skipped "
            "iterations: 0 | number of nan iterations: 0 |",
            " validation results at iteration {n} | lm_loss value: {check} | lm_loss_ppl value: 2.0E+01 | ",
            forms=EXPONENTS,
            nan="NAN",
        ),
        "torchtitan.log": Told(
            "torchtitan",
            "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - \x1b[31mstep: {n}  \x1b[32mloss:  {loss}  "
            "\x1b[38;2;180;60;0mgrad_norm:  {norm}  \x1b[33mmemory: 23.45GiB(29.63%)  \x1b[34mtps: 8,123  mfu: 34.95%\x1b[39m",
            "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - \x1b[31mvalidate step: {n}  \x1b[32mloss: {check}  "
            "\x1b[33mmemory: 23.45GiB(29.63%)  \x1b[34mtps: 8,123\x1b[39m",
            "[rank0]:[titan] Trainer is initialized with local batch size 8, global batch size 64, gradient accumulation "
            "steps 1, sequence length 2048, total steps 40 (warmup 10)\n[rank0]:[titan] Training starts at step 1",
            "[rank0]:[titan] Training starts at step 21",
            {"loss": ".5f"},
            settings={"batch_size": 64, "sequence_length": 2048, "warmup": 10},
        ),
        "olmo.log": Told(
            "olmo",
            "2026-01-01 00:00:00.000 host:0 olmo.train:967 INFO [step={n}/40,epoch=0]\n"
            "    optim/total_grad_norm={norm}\n    train/CrossEntropyLoss={loss}\n    train/Perplexity=22.5\n"
            "    throughput/total_tokens={tokens}\n    System/Peak GPU Memory (MB)=23,456",
            "    eval/validation/CrossEntropyLoss={check}",
            again="2026-01-01 00:00:00.000 host:0 olmo.train:100 INFO Loading checkpoint from /checkpoints/step20",
        ),
        "olmo_core.log": Told(
            "olmo",
            "2026-01-01 00:00:00 INFO [step={n}/40,epoch=1,eta=1:02:03]\n    optim/LR (group 0)={lr}\n"
            "    optim/total grad norm={norm}\n    train/CE loss={loss}",
            forms={"lr": ".2E"},
        ),
        "nanotron.log": Told(
            "nanotron",
            "01/01/2026 00:00:00 [INFO|DP=0|PP=0|TP=0]: iteration: {n} / 40 | consumed_tokens: 1.31M | "
            "time_per_iteration_ms: 512 | tokens_per_sec: 256K | global_batch_size: 131K | grad_norm: {norm} | "
            "lm_loss: {loss} | lr: {next} | model_tflops_per_gpu: 150 | eta: 1:02:03",
            forms={"loss": ".3g", "lr": ".3g", "norm": ".3g"},
        ),
        "litgpt.log": Told(
            "litgpt",
            "Epoch 1 | iter {n}0 step {i} | loss train: 9.999, val: n/a | iter time: 123.45 ms remaining time: 1:02:03\n"
            "Epoch 1 | iter {n}1 step {n} | loss train: {loss}, val: n/a | iter time: 123.45 ms (step) remaining time: 1:02",
            "iter {n}1: val loss {check}, val time: 1234.56 ms",
            again="Resuming training from out/step-00000020/lit_model.pth",
            forms={"loss": ".3f"},
            horizon=False,
        ),
        "composer.txt": Told(
            "composer",
            "[metric][batch={i}]: time/batch: {i} \n[metric][batch={i}]: time/token: {tokens} \n"
            "[metric][batch={i}]: l2_norm/grad/global: {norm} \n[metric][batch={i}]: loss/train/total: {loss} \n"
            "[metric][batch={i}]: lr-DecoupledAdamW/group0: {lr} ",
            "[metric][batch={i}]: metrics/eval/LanguageCrossEntropy: {check} ",
            "[hyperparameter]: seed: 17 ",
            forms={"lr": ".6f"},
            horizon=False,
        ),
        "composer_stdout.log": Told(
            "composer",
            "[batch={n}/40]:\n\t Train time/batch: {i}\n\t Train loss/train/total: {loss}\n"
            "\t Train lr-DecoupledAdamW/group0: {lr}",
            "[Eval batch=5/5] Eval on eval data:\n\t Eval metrics/eval/LanguageCrossEntropy: {check}",
            forms={"lr": ".6f"},
            horizon=False,
        ),
        "torchtune.txt": Told(
            "torchtune",
            "Step {n} | loss:{loss} lr:{next} tokens_per_second_per_gpu:1234.5 grad_norm:{norm} ",
            "Step {n} | val_loss:{check} ",
            forms={"loss": ".15g", "lr": ".15g"},
            horizon=False,
        ),
        "transformers_console.log": Told(
            "transformers_console",
            "{'loss': {loss}, 'grad_norm': {norm}, 'learning_rate': {lr}, 'epoch': {epoch}}",
            "{'eval_loss': '{check}', 'eval_runtime': '1.23', 'eval_samples_per_second': '812.1', 'epoch': '{epoch}'}",
            "***** Running training *****\n  Num examples = 640\n  Num Epochs = 4\n  Total optimization steps = 40",
            "***** Running training *****\n  Num examples = 640\n  Num Epochs = 4\n  Total optimization steps = 40",
            forms={"lr": ".6g"},
        ),
        "timm.log": Told(
            "timm_stdout",
            "Train: {in_epoch} [   {place}/10 ( 20%)]  Loss: {loss} (3.45)  Time: 0.412s,  621.36/s  (0.409s,  625.92/s)  "
            "LR: {lr}  Data: 0.010 (0.020)",
            "Test: [   5/9]  Time: 0.100 (0.200)  Loss:   9.999 ( 9.9999)  Acc@1:  70.0 ( 71.0)\n"
            "Test: [   9/9]  Time: 0.100 (0.200)  Loss:   1.234 ( {check})  Acc@1:  70.0 ( 71.0)",
            forms={"lr": ".3e", "loss": "#.3g"},
            horizon=False,
            settings={"updates_per_epoch": 10},
        ),
        "training_log_2026_1_1.txt": Told(
            "nnunet",
            "2026-01-01 00:00:00.000000:  \n2026-01-01 00:00:00.000000: Epoch {i} \n"
            "2026-01-01 00:00:00.000000: Current learning rate: {lr} \n2026-01-01 00:01:00.000000: train_loss {loss} \n"
            "2026-01-01 00:01:00.000000: val_loss -0.4812 \n2026-01-01 00:01:00.000000: Pseudo dice [np.float32(0.8123)] ",
            forms={"lr": ".5f"},
            horizon=False,
        ),
        "deepspeed.log": Told(
            "deepspeed_stdout",
            "[2026-01-01 00:00:00,123] [INFO] [logging.py:96:log_dist] [Rank 0] step={n}, skipped=3, lr=[{next}, {next}], "
            "mom=[(0.9, 0.999), (0.9, 0.999)]",
            forms={"lr": ".6g"},
            horizon=False,
        ),
        "fairseq.log": Told(
            "fairseq",
            '2026-01-01 00:00:00 | INFO | train_inner | {"epoch": 1, "update": 0.123, "loss": "{loss}", "nll_loss": "6.9", '
            '"wps": "123", "num_updates": "{n}", "lr": "{next}", "gnorm": "{norm}", "clip": "0"}',
            '2026-01-01 00:00:00 | INFO | valid | {"epoch": 1, "valid_loss": "{check}", "valid_ppl": "238", '
            '"valid_num_updates": "{n}"}',
            forms={"lr": ".6g"},
            horizon=False,
        ),
        "metrics.json": Told(
            "detectron2",
            '{"data_time": 0.002, "eta_seconds": 12.3, "iteration": {i}, "loss_cls": 1.1, "lr": {lr}, "time": 0.2, '
            '"total_loss": {loss}}',
            '{"bbox/AP": 33.1, "iteration": {i}, "validation_loss": {check}}',
            forms={"lr": ".15g"},
            horizon=False,
            nan="NaN",
        ),
        "scalars.json": Told(
            "mmengine",
            '{"lr": {lr}, "base_lr": {lr}, "data_time": 0.01, "grad_norm": {norm}, "loss": {loss}, "loss_cls": 0.4, '
            '"time": 0.1, "epoch": 1, "iter": {n}, "memory": 0, "step": {n}}',
            '{"coco/bbox_mAP": 0.31, "loss": {check}, "data_time": 0.01, "time": 0.1, "step": 1}',
            forms={"lr": ".15g"},
            horizon=False,
            nan="NaN",
        ),
        "20260101_000000.log.json": Told(
            "mmcv",
            '{"mode": "train", "epoch": 1, "iter": {n}, "lr": {lr}, "memory": 4000, "data_time": 0.01, "loss": {loss}, '
            '"grad_norm": {norm}, "time": 0.1}',
            '{"mode": "val", "epoch": 1, "iter": 5000, "lr": 0.5, "bbox_mAP": 0.31, "loss": {check}}',
            '{"env_info": "sys.platform: linux", "seed": 0, "exp_name": "config.py"}',
            forms={"lr": ".15g"},
            horizon=False,
            nan="NaN",
        ),
        "trainer_log.jsonl": Told(
            "llama_factory",
            '{"current_steps": {n}, "total_steps": 40, "loss": {loss}, "lr": {lr}, "epoch": {epoch}, "percentage": 2.5, '
            '"elapsed_time": "0:00:10", "remaining_time": "0:05:00"}',
            '{"current_steps": {n}, "total_steps": 40, "eval_loss": {check}, "epoch": {epoch}, "percentage": 2.5}',
            forms={"lr": ".15g"},
            nan="NaN",
        ),
        "progress.json": Told(
            "stable_baselines3_json",
            '{"time/iterations": 1, "time/total_timesteps": {i}, "time/fps": 900, "train/learning_rate": {lr}, '
            '"train/loss": {loss}, "train/n_updates": 10}',
            forms={"lr": ".15g"},
            horizon=False,
            nan="NaN",
        ),
        "own.log": Told(
            "generic_text",
            "2026-01-01 00:00:00 INFO step: {i}/40, loss = {loss}, lr={lr}, grad norm {norm}",
            "2026-01-01 00:00:00 INFO step: {i}, validation loss = {check}",
            "model has 124M parameters",
            forms={"lr": ".3e"},
        ),
    }
)
SAMPLES = MappingProxyType({name: told.text() for name, told in TOLD.items()})
