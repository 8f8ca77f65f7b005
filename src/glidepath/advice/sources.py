"""The works that advice rests on, each written once."""

SOURCES = {
    "andrychowicz": "Andrychowicz et al. 2020, arXiv 2006.05990",
    "bengio": "Bengio 2012, arXiv 1206.5533",
    "bergsma": "Bergsma et al. 2025, arXiv 2502.15938",
    "brown": "Brown et al. 2020, arXiv 2005.14165",
    "chen": "Chen et al. 2023, arXiv 2302.06675",
    "chowdhery": "Chowdhery et al. 2022, arXiv 2204.02311",
    "dettmers": "Dettmers et al. 2023, arXiv 2305.14314",
    "devlin": "Devlin et al. 2018, arXiv 1810.04805",
    "engstrom": "Engstrom et al. 2020, arXiv 2005.12729",
    "goyal": "Goyal et al. 2017, arXiv 1706.02677",
    "haarnoja": "Haarnoja et al. 2018, arXiv 1801.01290",
    "hagele": "Hägele et al. 2024, arXiv 2405.18392",
    "he": "He et al. 2015, arXiv 1512.03385",
    "he-tricks": "He et al. 2018, arXiv 1812.01187",
    "henderson": "Henderson et al. 2017, arXiv 1709.06560",
    "hoffmann": "Hoffmann et al. 2022, arXiv 2203.15556",
    "hu-lora": "Hu et al. 2021, arXiv 2106.09685",
    "hu-minicpm": "Hu et al. 2024, arXiv 2404.06395",
    "huang": "Huang et al. 2022, The 37 Implementation Details of PPO",
    "jordan": "Jordan et al. 2024, Muon: An optimizer for hidden layers",
    "kalra": "Kalra and Barkeshli 2024, arXiv 2406.09405",
    "keras": "keras.callbacks.ReduceLROnPlateau",
    "kingma": "Kingma and Ba 2014, arXiv 1412.6980",
    "llama3": "Llama Team 2024, arXiv 2407.21783",
    "liu-moonlight": "Liu et al. 2025, arXiv 2502.16982",
    "loshchilov": "Loshchilov and Hutter 2017, arXiv 1711.05101",
    "ma": "Ma and Yarats 2019, arXiv 1910.04209",
    "malladi": "Malladi et al. 2022, arXiv 2205.10287",
    "mosbach": "Mosbach et al. 2020, arXiv 2006.04884",
    "muennighoff": "Muennighoff et al. 2023, arXiv 2305.16264",
    "ouyang": "Ouyang et al. 2022, arXiv 2203.02155",
    "prechelt": "Prechelt 1998, Early Stopping - But When?",
    "schulman": "Schulman et al. 2017, arXiv 1707.06347",
    "schulman-lora": "Schulman et al. 2025, LoRA Without Regret",
    "smith": "Smith and Topin 2017, arXiv 1708.07120",
    "torch": "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "touvron": "Touvron et al. 2023, arXiv 2302.13971",
    "touvron-2": "Touvron et al. 2023, arXiv 2307.09288",
    "wang": "Wang and Aitchison 2024, arXiv 2405.13698",
    "you": "You et al. 2017, arXiv 1708.03888",
    "zagoruyko": "Zagoruyko and Komodakis 2016, arXiv 1605.07146",
    "zhang": "Zhang et al. 2019, arXiv 1912.03194",
    # What Glidepath's own reference computed, on runs that others published or on small ones of its own.
    "runs-124M": "the public runs of a 124M language model of Schaipp et al. 2025, arXiv 2501.18965, read anew",
    "small-tasks": "sweeps of four small tasks on a processor: two networks with SGD, two with Adam",
    # What nobody measured.
    "nobody": "no publication known",
}


def cited(*keys: str) -> str:
    """The works of these keys, as one text.

    >>> cited("devlin", "brown")
    'Devlin et al. 2018, arXiv 1810.04805; Brown et al. 2020, arXiv 2005.14165'
    """
    return "; ".join(SOURCES[key] for key in keys)
