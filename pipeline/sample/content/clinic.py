"""Case reports with images: chest film, head MRI, abdominal CT, knee film, ultrasound."""

from pipeline.sample.content.family import Family, FigurePlan, PanelPlan

FAMILY = Family(
    article_type="case-report",
    titles=(
        "[An unusual|A rare] presentation of {disease} in a {age}-year-old {who}: a case report",
        "{disease} [mimicking|mistaken for] {mimic}: report of a case and [brief|short] review",
        "Delayed diagnosis of {disease} in a {who} with {symptom}",
    ),
    keywords=("case report", "{disease}", "{mimic}", "computed tomography", "differential diagnosis"),
    slots={
        "age": ["34", "41", "47", "52", "58", "63", "71"],
        "who": ["woman", "man"],
        "disease": [
            "solitary fibrous tumour",
            "hydatid disease",
            "primary lymphoma",
            "sarcoidosis",
            "nocardiosis",
            "Castleman disease",
        ],
        "mimic": ["metastatic carcinoma", "tuberculosis", "a simple cyst", "bacterial abscess", "meningioma"],
        "symptom": [
            "persistent cough",
            "recurrent fever",
            "slowly worsening headache",
            "weight loss",
            "pain on exertion",
        ],
        "drug": ["prednisolone", "albendazole", "doxycycline", "methotrexate"],
    },
    groups=("Admission;Month 3;Month 6", "Before;After"),
    figures=(
        FigurePlan(
            "[Initial imaging|Imaging on admission] of the {who} with {symptom}",
            (
                PanelPlan(
                    "radiograph",
                    "[posteroanterior|frontal] chest radiograph with a round opacity in the right middle field",
                    variant=0,
                ),
                PanelPlan(
                    "radiograph",
                    "axial contrast-enhanced CT of the abdomen with a hypodense lesion in the right lobe of the liver",
                    variant=2,
                ),
                PanelPlan(
                    "radiograph",
                    "ultrasound that shows an anechoic [lesion|structure] with enhancement behind it",
                    variant=4,
                ),
            ),
        ),
        FigurePlan(
            "Magnetic resonance imaging of the head of the {age}-year-old {who}",
            (
                PanelPlan(
                    "radiograph",
                    "axial [T2-weighted|FLAIR] image with a bright lesion and [mild|moderate] surrounding oedema",
                    variant=1,
                ),
                PanelPlan(
                    "radiograph", "[follow-up|repeat] image at the same level after #3-9# months of {drug}", variant=1
                ),
                PanelPlan("radiograph", "image of the [contralateral|adjacent] section for comparison", variant=1),
                PanelPlan("radiograph", "image after #12-24# months without [sign of relapse|new lesions]", variant=1),
            ),
            "All images were [taken|acquired] at 3 T.",
        ),
        FigurePlan(
            "Histology of the [resected specimen|biopsy] with {disease}",
            (
                PanelPlan(
                    "section",
                    "low-power view with [glandular structures|preserved glands] (haematoxylin and eosin, ×100)",
                    variant=0,
                ),
                PanelPlan(
                    "section",
                    "spindle cells in a [fibrous|collagenous] stroma (haematoxylin and eosin, ×200)",
                    variant=1,
                ),
                PanelPlan("section", "strong [membranous|cytoplasmic] staining for CD34", variant=2),
                PanelPlan("section", "scattered cells positive for CD68", variant=3),
            ),
            "Scale bars, #50-200# µm.",
        ),
        FigurePlan(
            "Radiographs of the knee of the {who}, aged {age} years",
            (
                PanelPlan(
                    "radiograph", "anteroposterior view at presentation with a narrowed medial joint space", variant=3
                ),
                PanelPlan("radiograph", "anteroposterior view [one year|two years] later", variant=3),
                PanelPlan("radiograph", "the unaffected [left|right] side", variant=3),
            ),
        ),
        FigurePlan(
            "Laboratory [findings|values] and their course under {drug}",
            (
                PanelPlan(
                    "line",
                    "C-reactive protein and leucocyte count [during|over] the stay in hospital",
                    "Days",
                    "Change from baseline",
                ),
                PanelPlan("bar", "liver enzymes at [three|the stated] visits", y="Times upper limit"),
            ),
            "Shaded values lie above the upper limit of normal.",
        ),
        FigurePlan(
            "Chest radiographs during follow-up [on|under] {drug}",
            (
                PanelPlan("radiograph", "before treatment", variant=0),
                PanelPlan("radiograph", "after [two|four] weeks, the opacity has become smaller", variant=0),
                PanelPlan("radiograph", "after [three|six] months, only a [fine|faint] scar is left", variant=0),
            ),
        ),
        FigurePlan(
            "Diagnostic work-up of the patient with {symptom}",
            (
                PanelPlan(
                    "flow",
                    "[decisions|steps] that led to the diagnosis of {disease} and the records that were reviewed",
                    groups="Surgery;Drug alone;Follow-up",
                ),
            ),
        ),
    ),
    background=(
        "{disease} is [rare|uncommon], with an estimated incidence of #0.2-2.8# per 100 000 persons per year {cite}",
        "Its signs are unspecific, and it is often [taken for|confused with] {mimic} {cite}",
        "Imaging narrows the differential diagnosis, but tissue is needed [in most cases|as a rule] {cite}",
        "We report a patient in whom [repeated|careful] imaging led to the diagnosis",
    ),
    methods=(
        "A {age}-year-old {who} presented with {symptom} that had lasted #3-14# weeks",
        "The medical history was [unremarkable|notable only for hypertension], and there had been no travel abroad",
        "On examination the temperature was 37.#2-9# °C, the pulse #76-104# per minute and the oxygen saturation "
        "#92-98#%",
        "Blood tests showed a C-reactive protein of #24-130# mg L<sup>−1</sup> and a leucocyte count of #8-17# × "
        "10<sup>9</sup> L<sup>−1</sup>",
        "Written consent was given for publication of this invented case, which describes no real person",
    ),
    discussion=(
        "The case [shows|illustrates] how easily {disease} is mistaken for {mimic}",
        "A round lesion with smooth margins does not [exclude|rule out] inflammation {cite}",
        "{drug} was [well tolerated|without side effects] and led to a lasting response",
        "Clinicians should think of {disease} when {symptom} does not [resolve|respond to first-line treatment]",
    ),
)
