"""The guided experiments of the playground: a prediction, settings, and what was measured.

Each sets the controls to `settings`. `runs` says what was measured, by `benchmarks.experiments`,
with three seeds: for each run its phases, pairs of changed settings and epochs (of 90 steps). The
numbers in `measured` are those of benchmarks/results/experiments.json.
"""

EXPERIMENTS = [
    {
        "name": "two_or_eight",
        "title": "Two numbers or eight?",
        "question": "A code of 8 numbers in place of 2: how much of the squared error goes?",
        "choices": ["About a tenth", "Nearly a half", "Nearly all of it"],
        "answer": 1,
        "settings": {"kind": "vanilla", "code": 2, "loss": "squared_error"},
        "watch": (
            "The reconstructions, and where the dashed curve flattens. Then choose 8 numbers: "
            "it starts over and trains on."
        ),
        "measured": (
            "After 8 epochs, 2 numbers left a squared error of 38.7 for an image, 8 numbers "
            "21.7 (means of three seeds, digits held out)."
        ),
        "runs": {"two": [({}, 8)], "eight": [({"code": 8}, 8)]},
    },
    {
        "name": "linear_pca",
        "title": "A linear net against PCA",
        "question": (
            "A net without any activation, with 8 numbers in its code. Can it beat PCA with 8 "
            "components?"
        ),
        "choices": ["No: it comes near it, at best", "Yes, if it trains long enough"],
        "answer": 0,
        "settings": {"kind": "linear", "code": 8, "loss": "squared_error", "hidden": 0},
        "watch": (
            "The dotted line is PCA’s error on the same digits. How near does the dashed curve "
            "come? Then choose vanilla with 64 hidden units."
        ),
        "measured": (
            "After 8 epochs the linear net was at 29.67, where PCA is at 29.23. A net with 64 "
            "GELU units on either side came to 21.73, with as many numbers in its code (three "
            "seeds)."
        ),
        "runs": {"linear": [({}, 4), ({}, 4)], "gelu": [({"kind": "vanilla", "hidden": 64}, 8)]},
    },
    {
        "name": "random_codes",
        "title": "Why do random codes fail?",
        "question": (
            "The vanilla net draws from shuffled codes, a variational one from its prior. Whose "
            "images are nearer to digits, by squared distance from the nearest training digit?"
        ),
        "choices": [
            "The variational net’s, by far",
            "The vanilla net’s, by far",
            "Neither: they differ by less than a fifth",
        ],
        "answer": 2,
        "settings": {"kind": "vanilla", "code": 8},
        "watch": (
            "The last row of pictures, with your own eyes. Then choose variational: its codes "
            "come from N(0, 1), and training has prepared the decoder for them."
        ),
        "measured": (
            "26.5 for the vanilla net, 24.8 for the variational one (100 images each, three "
            "seeds). A blurred shape that is no digit is near to many: this number doesn’t see "
            "what you see."
        ),
        "runs": {"vanilla": [({}, 8)], "variational": [({"kind": "variational"}, 8)]},
    },
    {
        "name": "clouds_touch",
        "title": "When do the clouds touch?",
        "question": (
            "β is 0.01 at first. Move it to 1 and to 10 while it trains. How wide is a cloud at "
            "10, beside the whole map?"
        ),
        "choices": ["About a tenth of it", "About half of it", "As wide as the map"],
        "answer": 1,
        "settings": {"kind": "variational", "code": 2, "beta": 0.01},
        "watch": (
            "The clouds on the map: when do they touch, when does each lie over its neighbours? "
            "And the reconstructions that pay for it."
        ),
        "measured": (
            "A cloud’s deviation was 0.02 at β of 0.01, where that of the map’s points was 1.79. "
            "It was 0.13 (of 1.15) at 1 and 0.39 (of 0.86) at 10. At 40 it was 0.97, of 0.05: "
            "every cloud was the prior’s, and a code could be any digit’s (three seeds)."
        ),
        "runs": {"up": [({}, 4), ({"beta": 1}, 3), ({"beta": 10}, 3), ({"beta": 40}, 3)]},
    },
    {
        "name": "collapse",
        "title": "Make it collapse, then cure it",
        "question": "β is 40 from the start. What does the code say of a digit after 4 epochs?",
        "choices": [
            "Nothing at all",
            "Little, but enough to tell a 0 from a 1",
            "As much as ever, only later",
        ],
        "answer": 0,
        "settings": {"kind": "variational", "code": 8, "beta": 40},
        "watch": (
            "The bars below the map, and the reconstructions. Then move β to 1 while it trains: "
            "does the code come back?"
        ),
        "measured": (
            "Nothing: 0 of 8 numbers were active, for 0.0 nats of KL. It can be cured, slowly. "
            "After 4 more epochs, at β of 1, 7 or 8 were active, with a reconstruction of 147.1 "
            "nats; a net that had β of 1 from the start had 118.7 after 8 epochs (three seeds)."
        ),
        "runs": {"cure": [({}, 4), ({"beta": 1}, 4)], "never": [({"beta": 1}, 8)]},
    },
    {
        "name": "how_many_active",
        "title": "How many of sixteen numbers does it use?",
        "question": "The code has 16 numbers, β is 1. How many of them are in use after 8 epochs?",
        "choices": ["All 16", "About 8 to 12", "2 or 3"],
        "answer": 0,
        "settings": {"kind": "variational", "code": 16},
        "watch": (
            "The bars below the map: those of numbers in use stand up, the others lie flat. "
            "Then move β to 4."
        ),
        "measured": (
            "All 16 were active, for 20.6 nats of KL; with β of 4 from the start 15 or 16, for "
            "6.9 nats (three seeds)."
        ),
        "runs": {"one": [({}, 8)], "four": [({"beta": 4}, 8)]},
    },
    {
        "name": "noise_up",
        "title": "Noise up",
        "question": (
            "The net sees digits with noise of 0.4 and is to draw them clean. When the noise goes "
            "up to 0.8, how much larger is its error?"
        ),
        "choices": ["About 1.4 times", "About twice", "Four times"],
        "answer": 0,
        "settings": {
            "kind": "denoising",
            "code": 32,
            "hidden": 128,
            "noise": 0.4,
            "loss": "squared_error",
        },
        "watch": "The rows in and out. Then move the noise to 0.8 while it trains.",
        "measured": (
            "The squared error was 19.0 at noise of 0.4, after 6 epochs, and 27.3 at 0.8, after 3 "
            "more. Without any noise the same net had 12.0 after 6 (three seeds)."
        ),
        "runs": {"noise": [({}, 6), ({"noise": 0.8}, 3)], "clean": [({"kind": "vanilla"}, 6)]},
    },
    {
        "name": "four_of_64",
        "title": "Only a few may speak",
        "question": (
            "Only 8 of 64 units may be on for each digit. How many are never on, for any of 500 "
            "digits?"
        ),
        "choices": ["None", "About a quarter", "About half of them"],
        "answer": 2,
        "settings": {"kind": "sparse", "code": 64, "hidden": 0, "k": 8},
        "watch": (
            "The bars below the map: a unit that is never among the largest learns nothing, and "
            "never will be. Then try k of 2."
        ),
        "measured": (
            "With k of 8, 32 or 33 of the 64 units were ever on, for a reconstruction of 141.6 "
            "nats. With k of 2 it was 5 units, for 194.4 nats (three seeds). The notebook on "
            "sparse codes cures this."
        ),
        "runs": {"eight": [({}, 8)], "two": [({"k": 2}, 8)]},
    },
    {
        "name": "price_of_size",
        "title": "A price on the size of codes",
        "question": (
            "Every number of the code gets a price on its size, of 2. How many of 64 are on for a "
            "digit, after 4 epochs?"
        ),
        "choices": ["About 40", "About 15", "About 4"],
        "answer": 2,
        "settings": {"kind": "l1", "code": 64, "hidden": 0, "l1": 0},
        "watch": (
            "The bars, and the second chart. After some epochs without a price move it to 2, then "
            "to 8, and watch the reconstructions pay."
        ),
        "measured": (
            "For a digit 46.8 of 64 numbers were on without a price, and 4.1 at a price of 2. At "
            "8 next to none was left, 0.01 for a digit, and all digits came back as the same "
            "smear. Reconstructions cost 106.8, then 193.1, then 214.7 nats (three seeds)."
        ),
        "runs": {"price": [({}, 4), ({"l1": 2}, 4), ({"l1": 8}, 4)]},
    },
    {
        "name": "too_fast",
        "title": "Too fast",
        "question": ("A learning rate of 0.05 in place of 0.005: does it learn ten times as fast?"),
        "choices": ["Yes", "A little faster", "It ends up worse"],
        "answer": 2,
        "settings": {"kind": "vanilla", "code": 8, "rate": 0.005},
        "watch": "The curve over the first 6 epochs. Start over with 0.05, with 0.0001, with 0.5.",
        "measured": (
            "After 6 epochs: 114.9 nats at a rate of 0.005, 129.0 at 0.05, 192.3 at 0.0001. At "
            "0.5 it was 208.4: none of the 8 numbers said anything any more (three seeds)."
        ),
        "runs": {
            "slow": [({"rate": 0.0001}, 6)],
            "right": [({}, 6)],
            "fast": [({"rate": 0.05}, 6)],
            "wild": [({"rate": 0.5}, 6)],
        },
    },
    {
        "name": "another_seed",
        "title": "The same net, another seed",
        "question": (
            "Another seed starts from other weights, and takes the digits in another order. What "
            "will be the same?"
        ),
        "choices": ["The map", "The losses, nearly", "Both"],
        "answer": 1,
        "settings": {"kind": "variational", "code": 2},
        "watch": (
            "Where the digits lie on the map, and where the curves end. Then change the seed to 1, "
            "and to 2."
        ),
        "measured": (
            "Three seeds ended at reconstructions of 161.2 to 164.7 nats and at 4.9 to 5.1 nats "
            "of KL, each with another map. Which digits are neighbours says something of the "
            "digits; where they lie says nothing."
        ),
        "runs": {"seeds": [({}, 8)]},
    },
    {
        "name": "two_losses",
        "title": "Cross-entropy or squared error?",
        "question": (
            "Two nets of 8 numbers, one trained on cross-entropy, one on squared error. Whose "
            "squared error is smaller?"
        ),
        "choices": [
            "That of the one trained on cross-entropy",
            "That of the one trained on squared error",
            "Neither: they differ by less than a tenth",
        ],
        "answer": 2,
        "settings": {"kind": "vanilla", "code": 8, "loss": "cross_entropy"},
        "watch": "The reconstructions of both: change the loss, and it starts over.",
        "measured": (
            "After 8 epochs the squared error was 21.2 for the net trained on cross-entropy, 21.7 "
            "for the one trained on squared error itself (three seeds). The loss that one wants "
            "isn’t always the one to train on."
        ),
        "runs": {"cross": [({}, 8)], "squares": [({"loss": "squared_error"}, 8)]},
    },
]
