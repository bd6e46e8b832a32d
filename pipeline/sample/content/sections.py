"""Pathology: sections, stains, scores and outcome."""

from pipeline.sample.content.family import Family, FigurePlan, PanelPlan

FAMILY = Family(
    titles=(
        "Expression of {protein} in {disease} and its relation to [outcome|survival]",
        "Spatial [pattern|distribution] of {protein} in {disease}: an immunohistochemical study of #80-340# patients",
        "{protein} as a [tissue marker|prognostic marker] in {disease}",
    ),
    keywords=("{disease}", "{protein}", "immunohistochemistry", "prognosis", "tissue microarray"),
    slots={
        "protein": ["CLDN18.2", "SATB2", "GPNMB", "ARID1A", "LGR5", "B7-H4"],
        "disease": [
            "gastric adenocarcinoma",
            "endometrial carcinoma",
            "cholangiocarcinoma",
            "papillary thyroid carcinoma",
            "ulcerative colitis",
        ],
        "tissue": ["mucosa", "epithelium", "parenchyma"],
        "cellkind": ["CD8<sup>+</sup> T cells", "macrophages", "fibroblasts"],
    },
    groups=("Low;High", "Normal;Adenoma;Carcinoma", "Grade 1;Grade 2;Grade 3"),
    figures=(
        FigurePlan(
            "[Morphology|Histological features] of {disease}",
            (
                PanelPlan("section", "[normal|adjacent] {tissue} with regular glands", variant=0),
                PanelPlan(
                    "section", "[invasive front|centre of the tumour] with loss of glandular architecture", variant=1
                ),
                PanelPlan("section", "glands of [uneven|irregular] size and shape", variant=0),
                PanelPlan("section", "[desmoplastic|fibrous] stroma", variant=1),
            ),
            "Haematoxylin and eosin; scale bars, 100 µm.",
        ),
        FigurePlan(
            "Immunohistochemistry of {protein}",
            (
                PanelPlan("section", "[negative|absent] staining (score 0)", variant=3),
                PanelPlan("section", "weak staining (score 1)", variant=2),
                PanelPlan("section", "moderate staining (score 2)", variant=2),
                PanelPlan("section", "strong staining (score 3)", variant=2),
                PanelPlan("bar", "H-scores by [grade|stage]", y="H-score"),
                PanelPlan("box", "share of positive cells per [core|section]", y="Positive (x10 %)"),
            ),
            "Scale bars, #50-200# µm.",
        ),
        FigurePlan(
            "{protein} and [survival|outcome]",
            (
                PanelPlan("survival", "overall survival", "Months", "Overall survival"),
                PanelPlan("survival", "[disease-free|recurrence-free] survival", "Months", "Disease-free survival"),
                PanelPlan(
                    "forest",
                    "multivariable Cox model",
                    "Hazard ratio",
                    groups="Age;Sex;Stage III;Grade 3;Node positive;{protein} high",
                ),
            ),
            "HR, hazard ratio; CI, confidence interval.",
        ),
        FigurePlan(
            "{cellkind} [near|around] cells that express {protein}",
            (
                PanelPlan("fluorescence", "[all nuclei|DAPI]", variant=1, field=3),
                PanelPlan("fluorescence", "{protein} (green)", variant=2, field=3),
                PanelPlan("fluorescence", "{cellkind} (red)", variant=3, field=3),
                PanelPlan("fluorescence", "merged [image|channels]", variant=0, field=3),
                PanelPlan(
                    "scatter",
                    "density of {cellkind} against the {protein} score of the same [core|region]",
                    "{protein} score",
                    "Density (a.u.)",
                    "a;b",
                ),
            ),
            "Scale bars, 20 µm.",
        ),
        FigurePlan(
            "Transcripts in [paired|matched] tissue from patients with {disease}",
            (
                PanelPlan("heatmap", "heat map of a panel of [immune|epithelial] genes"),
                PanelPlan("box", "{protein} mRNA in #30-60# [pairs|patients]", y="log2 (TPM + 1)"),
                PanelPlan(
                    "roc",
                    "[separation|classification] of tumour and normal tissue",
                    "1 - specificity",
                    "Sensitivity",
                    "mRNA;Protein",
                ),
                PanelPlan("blot", "immunoblots of [four|selected] tissue pairs", y="{protein}|CDH1"),
            ),
            "TPM, transcripts per million.",
        ),
        FigurePlan(
            "Computed tomography of [two|selected] patients with {disease}",
            (
                PanelPlan("radiograph", "patient with [high|strong] expression and a liver metastasis", variant=2),
                PanelPlan("radiograph", "the same patient after [six|four] cycles", variant=2),
            ),
        ),
    ),
    background=(
        "{disease} is [heterogeneous|a varied disease], and stage alone does not [explain|predict] its course {cite}",
        "{protein} is present in normal {tissue} and has been [proposed|discussed] as a target of antibodies {cite}",
        "Published rates of positivity range from #8-20#% to #45-80#%, [partly|in part] because scoring differs {cite}",
        "We therefore [scored|examined] {protein} in a consecutive series with complete follow-up",
    ),
    methods=(
        "Cores of 1 mm were taken from [three|two] regions of each tumour",
        "Sections of 4 µm were stained on an automated system at a dilution of 1:#100-400#",
        "Two pathologists scored all cores independently; the weighted κ was #0.71-0.92#",
        "The H-score was [computed|calculated] from the shares of weakly, moderately and strongly stained "
        "[cells|nuclei]",
        "[Survival|Follow-up] was compared with the log-rank test, with patients [alive|at risk] censored after "
        "#60-120# months",
    ),
    discussion=(
        "High {protein} marked patients with [shorter|worse] survival independently of stage",
        "{cellkind} were [excluded from|sparse in] regions that express {protein}, which suggests [a barrier|local "
        "suppression]",
        "Variation between regions of one tumour means that a single biopsy can [mislead|underestimate expression] "
        "{cite}",
        "Standard scoring is needed before {protein} is used to [select|choose] patients",
    ),
)
