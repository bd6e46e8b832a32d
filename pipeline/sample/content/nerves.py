"""Nerves: recordings, counts of cells and behaviour."""

from pipeline.sample.content.family import Family, FigurePlan, PanelPlan

FAMILY = Family(
    titles=(
        "{gene} [sets|limits] excitability of {neuron} in the {region}",
        "[Altered|Reduced] inhibition in the {region} of {model} mice",
        "{drug} restores [synaptic transmission|firing] and {behavior} in {model} mice",
    ),
    keywords=("{region}", "{neuron}", "{model} mouse", "patch clamp", "{behavior}"),
    slots={
        "gene": [
            "<italic>Kcnh3</italic>",
            "<italic>Scn8a</italic>",
            "<italic>Grin2b</italic>",
            "<italic>Hcn1</italic>",
            "<italic>Cacna1g</italic>",
        ],
        "neuron": ["pyramidal cells", "parvalbumin interneurons", "granule cells", "Purkinje cells"],
        "region": ["hippocampus", "prefrontal cortex", "cerebellum", "dentate gyrus", "spinal dorsal horn"],
        "model": ["5xFAD", "knock-in", "haploinsufficient", "kainate-treated"],
        "drug": ["VU-881", "ZN-4", "low-dose retigabine", "compound 12"],
        "behavior": ["spatial memory", "grip strength", "social novelty", "motor learning"],
    },
    groups=("WT;Het;KO", "Vehicle;{drug}", "Sham;Lesion;Lesion + {drug}"),
    figures=(
        FigurePlan(
            "Synaptic currents of {neuron} in the {region}",
            (
                PanelPlan("trace", "[example|representative] recordings at −70 mV"),
                PanelPlan(
                    "box",
                    "frequency of spontaneous events (#12-24# cells from #4-7# mice per group)",
                    y="Frequency (Hz)",
                ),
                PanelPlan("box", "amplitude of the same events", y="Amplitude (x10 pA)"),
                PanelPlan(
                    "scatter",
                    "rise time against distance from the soma",
                    "Distance (x10 um)",
                    "Rise time (a.u.)",
                    "a;b",
                ),
                PanelPlan(
                    "line",
                    "[cumulative charge|input-output relation] over steps of stimulus",
                    "Stimulus (uA)",
                    "Charge (a.u.)",
                ),
            ),
            "Points are cells.",
        ),
        FigurePlan(
            "[Density|Number] of {neuron} in the {region}",
            (
                PanelPlan("fluorescence", "control section with nuclei in blue and the marker in green", variant=0),
                PanelPlan("fluorescence", "section of a {model} mouse", variant=4),
                PanelPlan("fluorescence", "section of a {model} mouse [after|treated with] {drug}", variant=0),
                PanelPlan("bar", "counts of [labelled|positive] cells per section", y="Cells per section"),
            ),
            "Scale bars, 50 µm. Two sections per mouse were counted by an observer [unaware of|blinded to] the group.",
        ),
        FigurePlan(
            "{behavior} of {model} mice [given|treated with] {drug}",
            (
                PanelPlan("line", "[latency|performance] over five days of training", "Training (h)", "Score (a.u.)"),
                PanelPlan("bar", "time in the target quadrant in the probe trial", y="Time (s)"),
                PanelPlan("box", "swimming speed, which did not differ", y="Speed (dm/s)"),
            ),
            "<italic>n</italic> = #9-14# mice per group; repeated-measures ANOVA.",
        ),
        FigurePlan(
            "[Ultrastructure|Electron microscopy] of synapses in the {region}",
            (
                PanelPlan("electron", "control", variant=0),
                PanelPlan("electron", "{model}", variant=1),
                PanelPlan("electron", "{model} treated with {drug}", variant=2),
                PanelPlan("electron", "higher magnification of a terminal of a {model} mouse", variant=1),
            ),
            "Scale bars, 500 nm.",
        ),
        FigurePlan(
            "Protein levels in synaptosomes from the {region}",
            (
                PanelPlan("blot", "immunoblots of the stated proteins", y="PSD-95|GluN2B|Syn1"),
                PanelPlan(
                    "bar",
                    "densitometry of PSD-95 [relative to|normalised to] the loading control",
                    y="PSD-95 / loading",
                ),
                PanelPlan(
                    "bar",
                    "densitometry of GluN2B [relative to|normalised to] the loading control",
                    y="GluN2B / loading",
                ),
            ),
        ),
        FigurePlan(
            "Brain imaging in a [separate|second] group of {model} mice",
            (
                PanelPlan("radiograph", "T2-weighted image of a {model} mouse on day [1|2|3]", variant=1),
                PanelPlan("radiograph", "T2-weighted image of the same mouse on day #7-28#", variant=1),
                PanelPlan(
                    "scatter",
                    "volume of the lesion against the score for {behavior}",
                    "Volume (a.u.)",
                    "Score (a.u.)",
                    "a",
                ),
            ),
        ),
    ),
    background=(
        "{neuron} of the {region} [integrate|combine] input from thousands of synapses and their firing underlies "
        "{behavior} {cite}",
        "Mutations of {gene} cause [epilepsy|ataxia|delayed development] in children {cite}",
        "In {model} mice the balance of excitation and inhibition is [shifted|disturbed], but the cause has been "
        "debated {cite}",
        "The compound {drug} [crosses|passes] the blood-brain barrier and opens potassium channels in vitro {cite}",
    ),
    methods=(
        "Coronal slices of 300 µm were cut in ice-cold sucrose solution and kept at #30-34# °C",
        "Whole-cell recordings were made with pipettes of #3-5# MΩ, filtered at 2 kHz and sampled at 10 kHz",
        "Mice of both sexes were housed in groups of [three|four] with free access to food",
        "{drug} (#2-10# mg kg<sup>−1</sup>) or vehicle was injected once a day for #7-21# days",
        "Sections were incubated with the primary antibody for 48 h at 4 °C",
    ),
    discussion=(
        "The [main|central] finding is that {neuron} receive fewer inhibitory inputs in {model} mice",
        "Since {drug} was given after the onset of symptoms, [rescue|recovery] seems possible even late",
        "Changes of {gene} expression could be a cause or a [consequence|compensation] {cite}",
        "Recordings in vivo will have to show how this alters activity of the {region}",
    ),
)
