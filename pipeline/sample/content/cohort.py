"""Cohorts: who was included, how they fared, what predicts it."""

from pipeline.sample.content.family import Family, FigurePlan, PanelPlan

FAMILY = Family(
    titles=(
        "{exposure} and the risk of {outcome}: a [prospective|retrospective] cohort study of #2-9# #100-980# adults",
        "{marker} at admission predicts {outcome} in patients with {disease}",
        "[Sex|Age] differences in the association of {exposure} with {outcome}",
    ),
    keywords=("cohort study", "{outcome}", "{disease}", "{exposure}", "risk prediction", "biomarker"),
    slots={
        "exposure": [
            "short sleep",
            "night shift work",
            "high salt intake",
            "low physical activity",
            "long-term use of antacids",
        ],
        "outcome": [
            "stroke",
            "hospital readmission",
            "death from any cause",
            "atrial fibrillation",
            "chronic kidney disease",
        ],
        "disease": [
            "heart failure",
            "type 2 diabetes",
            "chronic obstructive pulmonary disease",
            "cirrhosis",
            "hypertension",
        ],
        "marker": [
            "Serum cystatin C",
            "Red cell distribution width",
            "Plasma NT-proBNP",
            "The neutrophil-to-lymphocyte ratio",
        ],
        "score": ["the clinical score", "age and sex alone", "the earlier model"],
    },
    groups=("Low;Medium;High", "Unexposed;Exposed", "Quartile 1;Quartile 2;Quartile 3;Quartile 4"),
    figures=(
        FigurePlan(
            "Selection of the [participants|study population] for the analysis of {exposure}",
            (
                PanelPlan(
                    "flow",
                    "flow of [participants|patients] through the study, with reasons for exclusion",
                    groups="Low;Medium;High",
                ),
            ),
        ),
        FigurePlan(
            "[Kaplan–Meier curves|Cumulative survival] by level of {exposure}",
            (
                PanelPlan("survival", "all participants", "Months", "Event-free share"),
                PanelPlan("survival", "participants younger than 60 years", "Months", "Event-free share"),
                PanelPlan("survival", "participants aged 60 years or [older|more]", "Months", "Event-free share"),
                PanelPlan("survival", "participants with {disease} at baseline", "Months", "Event-free share"),
            ),
            "<italic>P</italic> values are from the log-rank test.",
        ),
        FigurePlan(
            "Adjusted hazard ratios for {outcome} in subgroups",
            (
                PanelPlan(
                    "forest",
                    "hazard ratios with 95% confidence intervals, adjusted for age, sex, smoking and body mass index",
                    "Hazard ratio",
                    groups="Age &lt; 60 years;Age 60 or older;Women;Men;Never smokers;Smokers;No diabetes;Diabetes",
                ),
            ),
            "CI, confidence interval; HR, hazard ratio.",
        ),
        FigurePlan(
            "[Discrimination|Performance] of the model for {outcome}",
            (
                PanelPlan(
                    "roc",
                    "receiver operating characteristic in the derivation set",
                    "1 - specificity",
                    "Sensitivity",
                    "{marker2};Model;Both",
                ),
                PanelPlan(
                    "roc",
                    "receiver operating characteristic in the validation set",
                    "1 - specificity",
                    "Sensitivity",
                    "{marker2};Model;Both",
                ),
                PanelPlan(
                    "scatter",
                    "predicted against observed risk in tenths of the [cohort|population]",
                    "Predicted risk (%)",
                    "Observed risk (%)",
                    "risk",
                ),
            ),
            "Areas under the curve are given in brackets.",
        ),
        FigurePlan(
            "{marker} by [severity|stage] of {disease}",
            (
                PanelPlan("box", "distribution at [admission|baseline]", y="Level (log units)"),
                PanelPlan("box", "distribution at discharge", y="Level (log units)"),
                PanelPlan(
                    "scatter",
                    "correlation with estimated glomerular filtration rate",
                    "eGFR (x10 mL/min)",
                    "Level (log units)",
                    "a;b",
                ),
                PanelPlan("line", "[mean|median] level over one year of follow-up", "Weeks", "Level (a.u.)"),
                PanelPlan("bar", "share of patients with {outcome} in each group", y="Events (%)"),
                PanelPlan("bar", "length of stay in each group", y="Days in hospital"),
            ),
            "Boxes show medians and quartiles, whiskers the 2nd and 98th percentile.",
        ),
        FigurePlan(
            "Temporal [trends|changes] between 2012 and 2022",
            (
                PanelPlan("line", "incidence of {outcome} per 1000 person-years", "Time (months)", "Incidence"),
                PanelPlan("bar", "prevalence of {exposure}", y="Prevalence (%)"),
                PanelPlan("heatmap", "[standardised|relative] rates by region and year"),
            ),
        ),
    ),
    background=(
        "{disease} affects [millions of people|a growing number of people] and its burden is rising {cite}",
        "{exposure} has been linked to {outcome}, but [most studies were small|results have been mixed] {cite}",
        "Simple markers that are measured [anyway|in routine care] could help to find patients at high risk {cite}",
        "We [examined|asked] whether {exposure} is associated with {outcome} independently of known risk factors",
    ),
    methods=(
        "We included adults with at least [one|two] visits between January 2012 and December 2022",
        "{marker} was measured with a commercial assay whose coefficient of variation was #2.1-4.9#%",
        "Missing values (#1.2-6.8#% of all entries) were imputed by chained equations",
        "Hazard ratios were estimated with Cox models, and proportional hazards were checked with Schoenfeld residuals",
        "The study was approved by an invented ethics board (no. #100-999#/2023)",
    ),
    discussion=(
        "In this cohort, {exposure} was associated with [a higher|an increased] risk of {outcome}",
        "The association was [robust to|unchanged by] adjustment for socioeconomic position",
        "Residual confounding [cannot be excluded|remains possible], and exposure was self-reported {cite}",
        "A model with {marker3} performed better than {score}",
    ),
    extra={"marker2": "Marker", "marker3": "this marker"},
)
