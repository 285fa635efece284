// An aggregate report as the XML of RFC 9990 Appendix A, elements in the order of its sections.
#pragma once

#include "reports/aggregate/report.hpp"

#include <iosfwd>

namespace gatepost::reports::aggregate {

// Writes the document in UTF-8, record by record: memory does not grow with the report. Failure is the
// stream's state.
void write_xml(std::ostream& out, const Report& report);

}  // namespace gatepost::reports::aggregate
