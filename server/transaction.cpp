#include "server/transaction.hpp"

#include "server/log.hpp"
#include "server/projections.hpp"
#include "server/stage_budget.hpp"

#include "policy/decide.hpp"

#include "auth/results/received_spf.hpp"
#include "auth/results/remove_claims.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using smtp::Reply;
namespace {

constexpr std::size_t max_received_fields = 100;  // RFC 5321 §6.3: a loop

std::string describe(const smtp::FramingFault& fault) {
    const std::string place = " in line " + std::to_string(fault.line) + " of the message";
    const std::string rule =
        place + ": lines end in CRLF alone (RFC 5321 section 2.3.8); policy.exemptions: allow bare_newline";
    switch (fault.kind) {
        case smtp::FramingFault::Kind::bare_cr:
            return "bare CR" + rule;
        case smtp::FramingFault::Kind::bare_lf:
            return "bare LF" + rule;
        case smtp::FramingFault::Kind::nul:
            return "NUL" + place + " (RFC 5322 section 2.2); no key forgives it";
    }
    return "invalid octet" + place;
}

// How many of `octets`, which follow on `header`, belong to the header: up to and with the empty line, or
// npos while that has not come.
std::size_t header_end_in(std::string_view octets, std::string_view header) {
    std::string seam(header.substr(header.size() - std::min<std::size_t>(header.size(), 3)));
    const std::size_t before = seam.size();
    seam += octets.substr(0, 3);
    if (header.size() < 2 && seam.starts_with("\r\n")) return 2 - before;  // no field at all
    if (const auto at = seam.find("\r\n\r\n"); at != std::string::npos) return at + 4 - before;
    const auto at = octets.find("\r\n\r\n");
    return at == std::string_view::npos ? at : at + 4;
}

std::chrono::sys_days day_of(std::chrono::system_clock::time_point time) {
    return std::chrono::floor<std::chrono::days>(time);
}

}  // namespace

Transaction::Transaction(Services& services, RuntimePtr runtime, std::string id)
    : services_(services),
      runtime_(std::move(runtime)),
      id_(std::move(id)),
      body_(services.memory, services.files, runtime_->config.data_dir) {}

Transaction::~Transaction() {
    services_.memory.give_back(header_taken_);
}

// The work on a message comes in parts of 10 to 40 us, and between them the worker's other sessions have
// their turn: a reply that takes a microsecond does not wait for another message's signatures.
asio::awaitable<void> Transaction::yield() const {
    return asio::post(services_.executor, asio::use_awaitable);
}

Reply Transaction::reply(int code, std::string_view enhanced, std::string_view text) const {
    return Reply(code, enhanced, text).signed_by(runtime_->config.hostname, id_);
}

// The downstream's own words, with our id behind them.
Reply Transaction::passed_on(const Reply& downstream) const {
    return downstream.signed_by(runtime_->config.hostname, id_);
}

asio::awaitable<std::optional<Reply>> Transaction::begin(const smtp::Envelope& envelope,
                                                         ClientIdentity client) {
    client_ = std::move(client);
    began_ = std::chrono::system_clock::now();
    facts_.client_ip = client_.address;
    facts_.client_hidden = client_.hidden;
    facts_.helo = client_.helo;
    facts_.mail_from = envelope.reverse_path.mailbox();
    facts_.today = day_of(began_);
    facts_.tls_client = client_.tls_client;
    if (services_.memory.is_exhausted())
        co_return tell_refused(reply(452, "4.3.1", "too many messages in flight, try again later"), "",
                               "limits.memory");
    // A reload may have taken away what was announced.
    if (envelope.requiretls && runtime_->config.relay.tls != config::RelayTls::required)
        co_return tell_refused(
            reply(451, "4.3.3", "REQUIRETLS cannot be kept now: relay.tls is not required"), "", "relay.tls");
    if (auto refused = refuse_sender()) co_return refused;
    gatherer_ = std::make_unique<auth::EvidenceGatherer>(
        services_.executor, within_client_budget(services_.dns, services_.resolver, client_.address),
        runtime_->config.authentication, runtime_->config.hostname);
    auth::Sender sender{client_.address, client_.helo, envelope.reverse_path.mailbox(), client_.hidden};
    co_await gatherer_->begin(std::move(sender), began_, stage_budget());
    const auth::arc::SealerIdentityPtr& identity = runtime_->config.authentication.arc_seal;
    if (identity) sealer_ = std::make_unique<auth::arc::MessageSealer>(identity);
    delivery_ =
        services_.make_delivery(*runtime_, {client_.address, client_.helo, client_.protocol != "SMTP", id_});
    co_return std::nullopt;
}

asio::awaitable<std::optional<Reply>> Transaction::add_recipient(const smtp::Envelope& envelope,
                                                                 smtp::Recipient to) {
    const std::string recipient = to.forward_path.mailbox();
    if (delivery_->is_apart(to)) co_return put_off(recipient);
    if (auto refused = refuse_recipient(recipient)) co_return refused;
    const std::optional<Reply> refusal = co_await delivery_->add_recipient(envelope, std::move(to));
    if (!refusal) co_return std::nullopt;
    LogEntry entry("recipient_refused", delivery_->problem().empty() ? LogLevel::info : LogLevel::warning);
    entry.with("tx", id_).with("to", recipient).with("code", refusal->code()).with("text", refusal->text());
    entry.with_some("problem", delivery_->problem());
    services_.log.write(entry);
    std::optional<Reply> answer = passed_on(*refusal);
    co_return answer;
}

smtp::BareNewlines Transaction::bare_newlines() const {
    const auto& exemptions = runtime_->config.policy.exemptions;
    return policy::may_be_exempted(exemptions, policy::Forgiven::bare_newline, facts_)
               ? smtp::BareNewlines::normalised
               : smtp::BareNewlines::refused;
}

asio::awaitable<void> Transaction::content(std::string_view octets) {
    if (header_too_large_ || !storage_problem_.empty()) co_return;
    if (header_) {
        gatherer_->body(octets);
        if (sealer_) sealer_->body(octets);
        const bool kept = co_await body_.append(octets);
        if (!kept) storage_problem_ = body_.problem();
        co_return;
    }
    const std::size_t end = header_end_in(octets, header_octets_);
    const std::string_view more = octets.substr(0, end);
    if (!services_.memory.take(more.size())) {
        storage_problem_ = "limits.memory is used up";
        co_return;
    }
    header_taken_ += more.size();
    header_too_large_ = header_octets_.size() + more.size() > runtime_->config.limits.header_size;
    if (header_too_large_) {
        header_octets_.clear();
        co_return;
    }
    header_octets_ += more;
    if (end == std::string_view::npos) co_return;
    co_await end_of_header();
    octets.remove_prefix(end);
    if (!octets.empty()) co_await content(octets);
}

asio::awaitable<void> Transaction::end_of_header() {
    header_ = auth::HeaderBlock::parse(std::move(header_octets_), runtime_->config.limits.header_fields);
    header_octets_.clear();
    co_await yield();
    co_await gatherer_->header(header_, began_, stage_budget());
}

// What no rule and no exemption lets in: it is the message itself that is broken or too large.
std::optional<Reply> Transaction::refuse_framing(const smtp::ContentFraming& framing) const {
    if (framing.is_over_limit()) return reply(552, "5.3.4", "message size exceeds limits.message_size");
    if (const auto& fault = framing.fault()) return reply(550, "5.6.0", describe(*fault));
    if (header_too_large_) return reply(552, "5.3.4", "the header section exceeds limits.header_size");
    if (!storage_problem_.empty()) return reply(452, "4.3.1", "insufficient system storage");
    if (!header_) return std::nullopt;
    // Whatever else is wrong: a harmless fault above must not hide one of these.
    if (header_->has(auth::HeaderFault::too_many_fields))
        return reply(552, "5.3.4", "the header section exceeds limits.header_fields");
    // A field of ours on top of such a header would swallow its first line.
    for (const auto fault : {auth::HeaderFault::leading_continuation, auth::HeaderFault::empty_name})
        if (header_->has(fault))
            return reply(550, "5.6.0", auth::malformed_header_text(fault, header_->line_of(fault)));
    if (header_->count("Received") > max_received_fields) return reply(554, "5.4.6", "too many hops");
    return std::nullopt;
}

asio::awaitable<std::optional<Reply>> Transaction::chunk_done(const smtp::Envelope& envelope,
                                                              const smtp::ContentFraming& framing) {
    std::optional<Reply> final_reply = refuse_framing(framing);
    if (!final_reply) co_return std::nullopt;
    size_ = framing.size();
    co_await abandon();
    record(envelope, *final_reply);
    co_return final_reply;
}

asio::awaitable<Reply> Transaction::finish(const smtp::Envelope& envelope,
                                           const smtp::ContentFraming& framing) {
    if (!header_ && !header_too_large_ && storage_problem_.empty()) co_await end_of_header();
    size_ = framing.size();
    std::optional<Reply> final_reply = refuse_framing(framing);
    if (!final_reply) {
        co_await yield();
        evidence_ = co_await gatherer_->finish(stage_budget());
        final_reply = refuse_message();
    }
    if (!final_reply) {
        facts_.dns_brownout = services_.dns.brownout && services_.dns.brownout->active();
        final_reply = refuse_bare_newlines(framing);
    }
    if (!final_reply) {
        decision_ = policy::decide(facts_, evidence_, runtime_->config.policy);
        judged_ = true;
        if (decision_.refusal)
            final_reply = refusal_reply(*decision_.refusal, runtime_->config.hostname, id_);
    }
    if (final_reply) {
        co_await abandon();
    } else {
        delivery_->hold();
        co_await yield();
        final_reply = co_await carry_out(envelope);
    }
    record(envelope, *final_reply);
    co_return *final_reply;
}

// They are gone by now; but the message is taken only where an exemption's whole condition is met.
std::optional<Reply> Transaction::refuse_bare_newlines(const smtp::ContentFraming& framing) {
    if (!framing.normalised()) return std::nullopt;
    const policy::Settings& settings = runtime_->config.policy;
    const auto subject = policy::subject_of(facts_, evidence_, settings.trusted_sealers);
    const policy::Exemption* exemption =
        policy::find_exemption(settings.exemptions, policy::Forgiven::bare_newline, subject);
    if (exemption == nullptr) return reply(550, "5.6.0", describe(*framing.normalised()));
    newlines_forgiven_by_ = exemption->id;
    return std::nullopt;
}

asio::awaitable<Reply> Transaction::carry_out(const smtp::Envelope& envelope) {
    const std::vector<std::string> ours{runtime_->config.authserv_id, runtime_->config.hostname};
    const bool final = delivery_->is_final();
    const bool writes_spf = runtime_->config.authentication.writes_received_spf();
    const auto remove = [&](const auth::HeaderField& field) {
        return auth::results::claims_our_authority(field, ours) || field.reads_as("X-Quarantine") ||
               (writes_spf && field.reads_as("Received-SPF")) || (final && field.reads_as("Return-Path"));
    };
    const TopFields top = top_fields(envelope);
    OutgoingMessage message(top.text, header_, body_, remove);
    if (sealer_) add_arc_set(message, top);
    co_await yield();
    const Reply downstream = co_await delivery_->deliver(message);
    if (!delivery_->problem().empty()) {
        LogEntry entry("relay_failed", LogLevel::warning);
        entry.with("tx", id_).with_some("relay", delivery_->destination());
        entry.with("problem", delivery_->problem());
        services_.log.write(entry);
    }
    co_return passed_on(downstream);
}

// RFC 8617 §5.1: last of all, over the header as it goes on.
void Transaction::add_arc_set(OutgoingMessage& message, const TopFields& top) {
    constexpr std::size_t own_fields = 8;  // local: more than top_fields() writes
    const std::size_t max_fields = runtime_->config.limits.header_fields + own_fields;
    const auth::HeaderBlockPtr header = auth::HeaderBlock::parse(message.header_text(), max_fields);
    auth::arc::SealingOptions options;
    options.timestamp = std::chrono::system_clock::now();
    sealed_ = sealer_->seal(*header, evidence_.arc, top.results, options);
    message.insert(top.arc_set_at, sealed_.fields);
}

Transaction::TopFields Transaction::top_fields(const smtp::Envelope& envelope) const {
    const config::Config& config = runtime_->config;
    TopFields fields;
    std::string& top = fields.text;
    // RFC 5321 §4.4: the last stop writes the reverse-path, above all.
    if (delivery_->is_final()) top += "Return-Path: <" + envelope.reverse_path.mailbox() + ">\r\n";
    const auth::results::TransactionIdentity identity{client_.address, client_.helo,
                                                      envelope.reverse_path.mailbox()};
    fields.results = auth::results::authentication_results_value(config.authserv_id, identity, evidence_,
                                                                 policy_note(decision_, evidence_));
    top += auth::results::authentication_results_field(fields.results);
    if (decision_.action == policy::Action::quarantine) top += quarantine_field(decision_);
    fields.arc_set_at = top.size();
    if (config.authentication.writes_received_spf())
        top += auth::results::received_spf_field(
            auth::results::received_spf_value(config.hostname, identity, evidence_.spf));
    TraceFacts trace;
    trace.helo = client_.helo;
    if (evidence_.iprev.name) trace.client_name = evidence_.iprev.name->text();
    trace.client_ip = client_.address;
    trace.hostname = config.hostname;
    trace.protocol = client_.protocol;
    trace.tls_version = client_.tls_version;
    trace.tls_cipher = client_.tls_cipher;
    trace.id = id_;
    for (const smtp::Recipient& recipient : envelope.recipients)
        trace.recipients.push_back(recipient.forward_path.mailbox());
    trace.time = std::chrono::system_clock::now();
    top += received_field(trace);
    return fields;
}

asio::awaitable<void> Transaction::abandon() {
    if (delivery_) co_await delivery_->abandon();
}

}  // namespace gatepost::server
