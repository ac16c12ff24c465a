# %% [markdown]
# # OCR
# exported from ocr.ipynb, then made a job

# %%
import os
import csv
import pytesseract
from pdf2image import convert_from_path

# %%
def readPdf(path, language):
    pages = convert_from_path(path, dpi=200)
    return "\n\f\n".join(pytesseract.image_to_string(page, lang=language) for page in pages)

# %%
def tidy(text):
    """Hyphens at line ends, and what scanners make of dirt."""
    text = text.replace("-\n", "")
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if sum(c.isalnum() for c in line) > 2)

# %%
def main(input_paths, output_paths, environ_vars, job_args):
    pdfDir = input_paths["pdfDir"]
    textDir = output_paths["textDir"]
    language = environ_vars["LANG_CODE"]
    index = []
    for name in sorted(os.listdir(pdfDir)):
        if not name.endswith(".pdf"):
            continue
        claim = name[:-4]
        text = tidy(readPdf(os.path.join(pdfDir, name), language))
        with open(os.path.join(textDir, claim + ".txt"), "w") as f:
            f.write(text)
        index.append({"claim": claim, "characters": len(text)})
    with open(os.path.join(textDir, "ocr_index.csv"), "w", newline="") as f:
        out = csv.DictWriter(f, ["claim", "characters"])
        out.writeheader()
        out.writerows(index)
    print("read", len(index), "claims")
