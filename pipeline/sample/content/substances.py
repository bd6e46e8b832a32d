"""Pharmacology: content of extracts, kinetics, effect and safety."""

from pipeline.sample.content.family import Family, FigurePlan, PanelPlan

FAMILY = Family(
    titles=(
        "{extract} [protects against|attenuates] {damage} in rats",
        "[Pharmacokinetics|Disposition] and effect of {drug} in {model}",
        "{drug} [lowers|reduces] oxidative stress through {pathway} in {model}",
    ),
    keywords=("{extract}", "{drug}", "{pathway}", "oxidative stress", "pharmacokinetics"),
    slots={
        "extract": [
            "<italic>Salvia pratensis</italic> extract",
            "Green rooibos extract",
            "<italic>Achillea nobilis</italic> oil",
            "Fermented barley bran",
        ],
        "drug": ["verbanone", "salipurol", "hydroxy-aurin", "N-acetyl-lupine"],
        "damage": ["renal ischaemia", "drug-induced liver injury", "cardiac fibrosis", "experimental colitis"],
        "pathway": ["Nrf2/HO-1", "NF-κB", "AMPK", "PI3K/AKT"],
        "model": ["Wistar rats", "diabetic mice", "HepaRG cells", "a rabbit model"],
        "organ": ["liver", "kidney", "heart", "colon"],
    },
    groups=("Sham;Model;Low dose;High dose", "Control;{drug}", "Vehicle;10 mg/kg;30 mg/kg"),
    figures=(
        FigurePlan(
            "Composition of the [extract|preparation] that contains {drug}",
            (
                PanelPlan(
                    "chromatogram",
                    "HPLC chromatogram at 280 nm with numbered peaks",
                    "Retention time (min)",
                    "Absorbance (mAU)",
                ),
                PanelPlan(
                    "chromatogram",
                    "[reference standards|mixture of standards] under the same conditions",
                    "Retention time (min)",
                    "Absorbance (mAU)",
                ),
                PanelPlan("bar", "total phenols in [three|the stated] batches", y="Phenols (mg/g)"),
            ),
            "HPLC, high-performance liquid chromatography.",
        ),
        FigurePlan(
            "Plasma levels and [kinetics|clearance] of {drug}",
            (
                PanelPlan(
                    "line", "[mean|median] concentration after a single oral dose", "Time (h)", "Plasma level (a.u.)"
                ),
                PanelPlan("bar", "area under the curve by dose", y="AUC (a.u.)"),
                PanelPlan("scatter", "clearance against body weight", "Body weight (x30 g)", "Clearance (a.u.)", "a;b"),
                PanelPlan("dose", "inhibition of the enzyme in vitro", "log10 {drug} (uM)", "Activity (%)"),
            ),
        ),
        FigurePlan(
            "Histology of the {organ} after {damage}",
            (
                PanelPlan("section", "sham-operated [animal|rat]", variant=0),
                PanelPlan("section", "untreated {damage}", variant=1),
                PanelPlan("section", "[low dose|10 mg kg<sup>−1</sup>] of {drug}", variant=0),
                PanelPlan("section", "[high dose|30 mg kg<sup>−1</sup>] of {drug}", variant=0),
                PanelPlan("box", "histological score given by two observers", y="Score"),
            ),
            "Haematoxylin and eosin, ×200; scale bars, 100 µm.",
        ),
        FigurePlan(
            "{pathway} in {organ} tissue",
            (
                PanelPlan("blot", "immunoblots from [three|two] animals per group", y="Nrf2|HO-1|NQO1"),
                PanelPlan("bar", "densitometry of HO-1", y="HO-1 / loading"),
                PanelPlan("bar", "malondialdehyde in [homogenates|tissue]", y="MDA (nmol/mg)"),
                PanelPlan("bar", "activity of superoxide dismutase", y="SOD (U/mg)"),
                PanelPlan("bar", "reduced glutathione", y="GSH (umol/g)"),
                PanelPlan("bar", "activity of catalase", y="CAT (U/mg)"),
                PanelPlan("bar", "interleukin 1β", y="IL-1b (pg/mg)"),
                PanelPlan("bar", "tumour necrosis factor", y="TNF (pg/mg)"),
                PanelPlan("bar", "myeloperoxidase", y="MPO (U/g)"),
            ),
            "Data are mean ± SEM (<italic>n</italic> = #6-10#). *<italic>P</italic> &lt; 0.05 against the model group.",
        ),
        FigurePlan(
            "How {drug} may [act|protect the {organ}]",
            (
                PanelPlan(
                    "pathway",
                    "proposed [mechanism|chain of events] from uptake of {drug} to transcription of protective genes",
                    y="{drug}",
                    groups="Keap1;Nrf2;MAF;HO-1",
                ),
            ),
        ),
        FigurePlan(
            "Survival and body weight [under|during treatment with] {drug}",
            (
                PanelPlan("survival", "survival after {damage}", "Days", "Surviving fraction"),
                PanelPlan("line", "gain of body weight", "Days", "Weight gain (a.u.)"),
                PanelPlan("bar", "water intake per cage", y="Intake (mL)"),
            ),
        ),
    ),
    background=(
        "{damage} is driven by [reactive oxygen species|inflammation], and few drugs [prevent|halt] it {cite}",
        "{extract} is rich in phenolic acids and has a long history in [folk medicine|traditional use] {cite}",
        "One of its [main|active] constituents, {drug}, activates {pathway} in cultured cells {cite}",
        "Its kinetics and its effect on the {organ} [have not been described|are unknown]",
    ),
    methods=(
        "Animals weighing #180-260# g were divided at random into groups of #6-10#",
        "{drug} was suspended in 0.5% carboxymethyl cellulose and given by gavage for #7-28# days",
        "The column (C18, 4.6 × 250 mm) was kept at 30 °C with a flow of 1 mL min<sup>−1</sup>",
        "Malondialdehyde was measured as its adduct with thiobarbituric acid at 532 nm",
        "Tissue was fixed in 10% formalin, embedded in paraffin and cut at 5 µm",
    ),
    discussion=(
        "Taken together, {drug} [lessens|reduces] {damage}, and this [goes along with|is accompanied by] activation "
        "of {pathway}",
        "The effect did not rise further at the high dose, [as expected for|which may reflect] saturable absorption "
        "{cite}",
        "No toxicity was seen, but [treatment was short|longer studies are needed]",
        "Blocking {pathway} would be needed to show that it is [essential|required]",
    ),
)
