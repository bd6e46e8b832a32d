"""Microbes: growth, plates, amplicons and resistance."""

from pipeline.sample.content.family import Family, FigurePlan, PanelPlan

FAMILY = Family(
    titles=(
        "A [conserved|small] {element} [tunes|governs] {trait} in {microbe}",
        "[Emergence|Spread] of {trait} among {microbe} isolates from {place}",
        "Deletion of {gene} alters {trait} and fitness of {microbe}",
    ),
    keywords=("{microbe}", "{trait}", "{gene}", "antimicrobial resistance", "growth kinetics"),
    slots={
        "gene": [
            "<italic>rpoZ</italic>",
            "<italic>ompC</italic>",
            "<italic>marR</italic>",
            "<italic>bolA</italic>",
            "<italic>cspE</italic>",
        ],
        "geneplain": ["rpoZ", "ompC", "marR", "bolA", "cspE"],
        "microbe": [
            "<italic>Klebsiella pneumoniae</italic>",
            "<italic>Vibrio cholerae</italic>",
            "<italic>Pseudomonas aeruginosa</italic>",
            "<italic>Staphylococcus aureus</italic>",
            "<italic>Acinetobacter baumannii</italic>",
        ],
        "trait": [
            "biofilm formation",
            "tolerance to ciprofloxacin",
            "motility",
            "resistance to colistin",
            "survival in serum",
        ],
        "element": ["RNA thermometer", "regulatory RNA", "toxin-antitoxin pair", "membrane protein"],
        "place": ["hospital drains", "river water", "poultry farms", "an intensive care unit"],
        "drug": ["ciprofloxacin", "meropenem", "colistin", "tetracycline"],
    },
    groups=("WT;Mutant;Complemented", "0 mg/L;0.5 mg/L;2 mg/L", "WT;Mutant"),
    figures=(
        FigurePlan(
            "Growth of {microbe} with and without {gene}",
            (
                PanelPlan("line", "growth in [rich|LB] medium at 37 °C", "Time (h)", "OD600"),
                PanelPlan("line", "growth in minimal medium with [glucose|acetate]", "Time (h)", "OD600"),
                PanelPlan("bar", "doubling times from [four|three] cultures", y="Doubling time (a.u.)"),
                PanelPlan("dose", "inhibition by {drug}", "log10 {drug} (mg/L)", "Growth (%)"),
            ),
            "Points are means of #3-6# cultures and bars standard deviations.",
        ),
        FigurePlan(
            "Colonies on agar with [increasing|rising] concentrations of {drug}",
            (
                PanelPlan("plate", "[no|without] {drug}", variant=0),
                PanelPlan("plate", "0.25 mg L<sup>−1</sup>", variant=1),
                PanelPlan("plate", "0.5 mg L<sup>−1</sup>", variant=2),
                PanelPlan("plate", "1 mg L<sup>−1</sup>", variant=4),
                PanelPlan("plate", "2 mg L<sup>−1</sup>", variant=8),
                PanelPlan("plate", "4 mg L<sup>−1</sup>", variant=30),
            ),
            "Plates were photographed after #18-24# h.",
        ),
        FigurePlan(
            "Detection of {gene} by PCR",
            (
                PanelPlan("gel", "amplicons of #320-780# bp from clinical isolates; M, 100-bp ladder"),
                PanelPlan("gel", "[controls|amplicons] without reverse transcriptase; M, 100-bp ladder"),
                PanelPlan("bar", "copies per cell [determined|measured] by digital PCR", y="Copies per cell"),
            ),
        ),
        FigurePlan(
            "[Ultrastructure|Electron microscopy] of macrophages infected with {microbe}",
            (
                PanelPlan("electron", "uninfected cell with [intact|regular] mitochondria", variant=0),
                PanelPlan("electron", "cell infected with the wild type for 4 h", variant=1),
                PanelPlan("electron", "cell infected with the {gene} mutant for 4 h", variant=2),
                PanelPlan("box", "cristae per mitochondrion", y="Cristae per section"),
            ),
            "Scale bars, 500 nm.",
        ),
        FigurePlan(
            "Expression of {microbe} genes in response to {drug}",
            (
                PanelPlan("heatmap", "heat map of [genes|operons] that change more than twofold within 30 min"),
                PanelPlan(
                    "volcano", "proteome after 60 min; coloured points are significant", "log2 fold change", "-log10 P"
                ),
                PanelPlan(
                    "scatter",
                    "changes of transcripts against changes of proteins",
                    "mRNA (log units)",
                    "Protein (log units)",
                    "a;b",
                ),
            ),
        ),
        FigurePlan(
            "Intracellular {microbe} and [host cell|macrophage] response",
            (
                PanelPlan("fluorescence", "nuclei of the host cells (blue)", variant=1, field=2),
                PanelPlan("fluorescence", "bacteria that [express|carry] mCherry (red)", variant=3, field=2),
                PanelPlan("fluorescence", "[merged channels|merge with actin in green]", variant=0, field=2),
                PanelPlan("bar", "bacteria per cell at #2-8# h", y="Bacteria per cell"),
                PanelPlan("box", "interleukin 6 in the supernatant", y="IL-6 (ng/mL)"),
            ),
            "Scale bars, 20 µm.",
        ),
    ),
    background=(
        "{microbe} is a [frequent|leading] cause of infections acquired in hospital, and {trait} makes it hard to "
        "treat {cite}",
        "A {element} near {gene} is found in [nearly all|most] sequenced strains, yet its function [is unknown|has "
        "not been tested] {cite}",
        "Strains from {place} often differ in {trait} {cite}",
        "Here we [delete|disrupt] {gene} and follow growth, expression and survival",
    ),
    methods=(
        "Strains were grown in lysogeny broth at 37 °C with shaking at #180-220# rpm",
        "The {gene} deletion was made by allelic exchange and [confirmed|verified] by sequencing",
        "Minimal inhibitory concentrations were read after 20 h as recommended for broth microdilution",
        "PCR ran for #28-35# cycles with annealing at #54-60# °C, and products were separated on 1.5% agarose",
        "Macrophages were infected at a multiplicity of #5-20# and washed after 1 h",
    ),
    discussion=(
        "Loss of {gene} has a [modest|small] cost in rich medium but a [large|marked] one under {drug}",
        "The {element} may let the cell [sense|respond to] damage of its envelope",
        "Isolates from {place} were [clonal|diverse], which points to [a common source|several sources] {cite}",
        "It will be of interest to see whether {trait} evolves the same way in patients",
    ),
)
