"""Cell biology of tumours: silencing a gene and looking at growth, signals and position."""

from pipeline.sample.content.family import Family, FigurePlan, PanelPlan

_TREAT = "[after|following] [24 h|48 h|72 h] of [treatment|exposure]"

FAMILY = Family(
    titles=(
        "Loss of {gene} slows [proliferation|growth] and migration of {disease} cells through {pathway} signalling",
        "{gene} [controls|shapes|limits] the response of {disease} cells to {drug}",
        "Silencing of {gene} [sensitises|exposes] {cell} cells to {drug} by way of {pathway}",
    ),
    keywords=("{disease}", "{gene}", "{pathway} signalling", "cell migration", "drug response", "apoptosis"),
    slots={
        "gene": [
            "<italic>TRIM47</italic>",
            "<italic>SLC38A2</italic>",
            "<italic>RBM24</italic>",
            "<italic>KIF20B</italic>",
            "<italic>FAM83D</italic>",
            "<italic>ANXA9</italic>",
        ],
        "protein": ["TRIM47", "SLC38A2", "RBM24", "KIF20B", "FAM83D", "ANXA9"],
        "pathway": ["AKT", "ERK", "YAP", "Wnt", "STAT3", "TGF-β"],
        "drug": ["BX-14", "LN-207", "compound 6c", "QR-118", "TD-33"],
        "cell": ["A549", "MCF-7", "HCT116", "HepG2", "U2OS", "PC-3"],
        "cell2": ["H1299", "MDA-MB-231", "SW480", "Huh7", "SaOS-2", "DU145"],
        "disease": [
            "lung adenocarcinoma",
            "breast cancer",
            "colorectal cancer",
            "hepatocellular carcinoma",
            "osteosarcoma",
            "prostate cancer",
        ],
    },
    groups=("siCtrl;siRNA-1;siRNA-2", "Control;{drug} 5 µM;{drug} 10 µM", "Vector;WT;Mutant", "shNC;shRNA"),
    figures=(
        FigurePlan(
            "Knockdown of {gene} reduces [growth|proliferation] of {cell} cells",
            (
                PanelPlan(
                    "blot",
                    "[immunoblot|Western blot] of {protein} and of phosphorylated AKT in {cell} cells [transfected as "
                    "indicated|under the stated conditions]",
                    y="{protein}|p-AKT|AKT",
                ),
                PanelPlan(
                    "bar",
                    "relative {gene} mRNA [measured|quantified] by RT-qPCR (<italic>n</italic> = #3-6#)",
                    y="Relative mRNA level",
                    heading="{cell}",
                ),
                PanelPlan(
                    "line",
                    "growth curves over five days from [cell counts|a CCK-8 assay]",
                    "Time (h)",
                    "Cells (x10,000)",
                ),
                PanelPlan("plate", "[representative|typical] colony formation by [control|untreated] cells", variant=0),
                PanelPlan("plate", "colony formation after loss of {gene}", variant=2),
                PanelPlan("bar", "number of colonies per dish from three experiments", y="Colonies per dish"),
            ),
            "Data are mean ± SD. *<italic>P</italic> &lt; 0.05, **<italic>P</italic> &lt; 0.01 (one-way ANOVA).",
            is_statement=True,
        ),
        FigurePlan(
            "[Subcellular distribution|Localisation] of {protein} in {cell} cells",
            (
                PanelPlan("fluorescence", "nuclei stained with DAPI (blue)", variant=1, field=1),
                PanelPlan(
                    "fluorescence",
                    "{protein} [detected|labelled] with a polyclonal antibody (green)",
                    variant=2,
                    field=1,
                ),
                PanelPlan("fluorescence", "lysosomes [marked|visualised] with LysoTracker (red)", variant=3, field=1),
                PanelPlan("fluorescence", "[merged image|overlay] of the three channels", variant=0, field=1),
                PanelPlan(
                    "scatter",
                    "signal of {protein} against that of the lysosomal marker in single cells",
                    "Lysosome signal (a.u.)",
                    "{protein} signal (a.u.)",
                    "cells",
                ),
            ),
            "Scale bars, #20-50# µm.",
        ),
        FigurePlan(
            "{gene} is [required|needed] for closure of a scratch wound",
            (
                PanelPlan(
                    "phase", "monolayer of {cell} cells [at the time of wounding|directly after the scratch]", variant=1
                ),
                PanelPlan("phase", "the same wound in control cells after 24 h", variant=0),
                PanelPlan(
                    "phase", "wound that [stayed open|failed to close] after 24 h in cells that lack {gene}", variant=1
                ),
                PanelPlan("line", "open area as a share of the first image", "Time (h)", "Open area (a.u.)"),
                PanelPlan("box", "speed of single cells at the wound edge", y="Speed (um/h)"),
            ),
            "Images are representative of #3-5# independent experiments. Scale bars, 100 µm.",
            is_statement=True,
        ),
        FigurePlan(
            "Transcriptome of {cell} cells [without|depleted of] {gene}",
            (
                PanelPlan(
                    "volcano",
                    "volcano plot of #12-19# 000 transcripts; coloured points pass a twofold change at an FDR of 0.05",
                    "log2 fold change",
                    "-log10 FDR",
                ),
                PanelPlan(
                    "heatmap",
                    "heat map of the most [variable|strongly regulated] genes (row <italic>z</italic>-scores)",
                ),
                PanelPlan("bar", "validation of [four|selected] targets by RT-qPCR", y="Relative expression"),
            ),
            "FDR, false discovery rate.",
        ),
        FigurePlan(
            "{drug} acts together with loss of {gene}",
            (
                PanelPlan(
                    "dose",
                    f"viability of {{cell}} cells {_TREAT} with {{drug}}",
                    "log10 {drug} (uM)",
                    "Viability (%)",
                    heading="{cell}",
                ),
                PanelPlan(
                    "dose",
                    f"viability of {{cell2}} cells {_TREAT} with {{drug}}",
                    "log10 {drug} (uM)",
                    "Viability (%)",
                    heading="{cell2}",
                ),
                PanelPlan("bar", "share of annexin V-positive cells", y="Annexin V+ (%)"),
                PanelPlan("blot", "cleavage of PARP and of caspase-3 [shown by|on] immunoblots", y="c-PARP|c-Casp3"),
            ),
            "IC<sub>50</sub> values were fitted with a four-parameter model.",
            is_statement=True,
        ),
        FigurePlan(
            "Xenografts [without|that lack] {gene} grow more slowly",
            (
                PanelPlan(
                    "line",
                    "volume of subcutaneous tumours (#6-10# mice per group)",
                    "Days after injection",
                    "Volume (a.u.)",
                ),
                PanelPlan("box", "weight of the tumours at the end of the experiment", y="Tumour weight (dg)"),
                PanelPlan("section", "haematoxylin and eosin staining of a [control|typical] tumour", variant=1),
                PanelPlan("section", "Ki-67 in a tumour [without|depleted of] {gene}", variant=3),
                PanelPlan("survival", "survival of the mice", "Days", "Surviving fraction"),
            ),
            "Scale bars, 100 µm. The log-rank test was used for survival.",
            is_statement=True,
        ),
        FigurePlan(
            "Proposed [model|scheme] of {protein} in {disease}",
            (
                PanelPlan(
                    "pathway",
                    "[model|scheme] in which {protein} links the receptor to {pathway} and on to transcription in "
                    "the nucleus",
                    y="{drug}",
                    groups="RTK;{protein};{pathway};MYC",
                ),
            ),
        ),
    ),
    background=(
        "{disease} remains [one of the leading causes|a frequent cause] of death from cancer, and resistance to "
        "treatment [limits|curbs] "
        "what present drugs can achieve {cite}",
        "The gene {gene} encodes a protein of #310-890# amino acids whose role in epithelial cells is [poorly "
        "understood|still open] {cite}",
        "Earlier work in [yeast|flies|mouse fibroblasts] suggested that it acts upstream of {pathway}, but direct "
        "evidence in tumour cells "
        "[is missing|has been scarce] {cite}",
        "Because {pathway} [governs|integrates] growth and survival, small changes of its regulators can [tip|shift] "
        "the balance {cite}",
    ),
    methods=(
        "{cell} and {cell2} cells were [grown|kept] in DMEM with 10% fetal bovine serum at 37 °C and 5% CO<sub>2</sub>",
        "Cells at #40-60#% confluence were transfected with #20-50# nM siRNA and harvested after 72 h",
        "Proteins (#15-30# µg per lane) were separated on 10% gels, transferred to PVDF and probed overnight at 4 °C",
        "RNA was extracted from 2 × 10<sup>6</sup> cells, and cDNA was [measured|quantified] in triplicate",
        "Stock solutions of {drug} were made in DMSO, whose final share never exceeded 0.1%",
    ),
    discussion=(
        "Our data place {protein} between growth factor receptors and {pathway}",
        "That two independent siRNAs gave the same [result|phenotype] argues against an off-target effect",
        "Whether {gene} could serve as a [marker|target] in {disease} needs to be tested in larger series",
        "A limit of this work is its reliance on [two cell lines|established cell lines], which mirror only part of "
        "the disease {cite}",
    ),
)
