// One decision, told to everyone who needs to know: the report row, the note in Authentication-Results, the
// X-Quarantine field, the counter, the log line. Nothing here judges anew.
#pragma once

#include "server/metrics.hpp"
#include "server/smtp/envelope.hpp"
#include "server/smtp/reply.hpp"

#include "reports/aggregate/row.hpp"

#include "policy/decision.hpp"

#include "auth/evidence.hpp"
#include "auth/results/authentication_results.hpp"

#include "dns/ip_address.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace gatepost::server {

// What became of a message: the decision and the final reply together (PRODUCT.md, "What is counted").
Outcome outcome_of(const policy::Decision& decision, const smtp::Reply& final_reply);

auth::results::PolicyNote policy_note(const policy::Decision& decision, const auth::Evidence& evidence);

// The whole field, folded, CRLF at the end: "X-Quarantine: dmarc; …".
std::string quarantine_field(const policy::Decision& decision);

// The reply with which a message is refused; the text ends with our name and the transaction's id.
smtp::Reply refusal_reply(const policy::Refusal& refusal, const std::string& hostname, const std::string& id);

// The row of an aggregate report, RFC 9990 §3.1.1.8. Absent where no record applies or trouble left the
// result open: there is then nothing to tell its owner.
std::optional<reports::aggregate::Row> report_row(const policy::Decision& decision,
                                                  const auth::Evidence& evidence,
                                                  const dns::IpAddress& client,
                                                  const smtp::Envelope& envelope,
                                                  std::chrono::system_clock::time_point now);

}  // namespace gatepost::server
