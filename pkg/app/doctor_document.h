// What `doctor` wants to know of the document and of the files that it names.
#pragma once

#include <optional>
#include <string>

#include "pkg/app/doctor.h"
#include "pkg/desired/compile.h"
#include "pkg/doctor/facts.h"

namespace spacelet::app {

struct ExaminedDocument {
  std::optional<api::Document> document;
  std::optional<desired::Compiled> compiled;
};

// Whether a program can be run by its name, or by its path.
bool IsInPath(const std::string& program);

// Fills in `document`, `files`, `commands` and `pool`. No command is run.
ExaminedDocument ExamineDocument(const DoctorOptions& options, doctor::Facts& facts);

}  // namespace spacelet::app
