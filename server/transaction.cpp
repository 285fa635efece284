#include "server/transaction.hpp"

#include "server/log.hpp"
#include "server/projections.hpp"

#include "auth/results/received_spf.hpp"
#include "auth/results/remove_claims.hpp"

#include "dns/idna.hpp"
#include "dns/turns.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using smtp::Reply;
namespace {

std::chrono::sys_days day_of(std::chrono::system_clock::time_point time) {
    return std::chrono::floor<std::chrono::days>(time);
}

// In the session's envelope, in that of the delivery, and the reply of the server behind.
std::size_t octets_held_for(const smtp::Recipient& recipient, std::size_t mailbox_octets) {
    const auto octets_of = [](const std::optional<std::string>& text) {
        return text ? text->size() : 0;
    };
    const std::size_t texts =
        mailbox_octets + octets_of(recipient.dsn.notify) + octets_of(recipient.dsn.orcpt);
    return 2 * (sizeof(recipient) + texts) + sizeof(Reply);
}

}  // namespace

Transaction::Transaction(Services& services, RuntimePtr runtime, std::string id, ShareHolder* holder)
    : services_(services),
      runtime_(std::move(runtime)),
      id_(std::move(id)),
      share_of_memory_(services.memory, holder),
      share_of_disk_(services.disk, holder),
      body_(share_of_memory_, share_of_disk_, services.files, runtime_->config.data_dir) {}

Transaction::~Transaction() = default;

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
    const policy::Settings& settings = runtime_->config.policy;
    const bool is_named = policy::is_named_client(settings.exemptions, settings.own_networks, facts_);
    if (services_.memory.is_exhausted(is_named)) {
        services_.memory.make_room();
        co_return tell_refused(reply(452, "4.3.1", "too many messages in flight, try again later"), "",
                               "limits.memory");
    }
    claim_ = {client_.address, is_named};
    share_of_memory_.belongs_to(client_.address, is_named);
    share_of_disk_.belongs_to(client_.address, is_named);
    // A reload may have taken away what was announced.
    if (envelope.requiretls && runtime_->config.relay.tls != config::RelayTls::required)
        co_return tell_refused(
            reply(451, "4.3.3", "REQUIRETLS cannot be kept now: relay.tls is not required"), "", "relay.tls");
    if (auto refused = refuse_sender()) co_return refused;
    std::shared_ptr<dns::Resolver> resolver(std::shared_ptr<void>(), &services_.resolver);
    if (!is_named) budget_ = within_client_budget(services_.dns, services_.resolver, client_.address);
    if (budget_) resolver = budget_;
    judgement_ = std::make_unique<Judgement>(services_.executor, std::move(resolver), runtime_->config,
                                             facts_, is_named);
    co_await judgement_->begin(began_, is_spf_time_final());
    const auth::arc::SealerIdentityPtr& identity = runtime_->config.authentication.arc_seal;
    if (identity) sealer_ = std::make_unique<auth::arc::MessageSealer>(identity);
    delivery_ = services_.make_delivery(
        *runtime_, {client_.address, client_.helo, client_.protocol != "SMTP", id_, is_named});
    co_return std::nullopt;
}

// An SPF check that did not come to its end within its time before.
bool Transaction::is_spf_time_final() const {
    if (!budget_ || !services_.dns.spent_checks || services_.dns.spent_checks->is_empty()) return false;
    const std::string& identity = facts_.mail_from.empty() ? facts_.helo : facts_.mail_from;
    const auto domain = dns::to_ascii(identity.substr(identity.rfind('@') + 1));
    return domain &&
           services_.dns.spent_checks->is_final(client_.address, *domain, std::chrono::steady_clock::now());
}

asio::awaitable<std::optional<Reply>> Transaction::add_recipient(const smtp::Envelope& envelope,
                                                                 smtp::Recipient to) {
    const std::string recipient = to.forward_path.mailbox();
    if (delivery_->is_apart(to)) co_return put_off(recipient);
    if (auto refused = refuse_recipient(recipient)) co_return refused;
    if (!share_of_memory_.take(octets_held_for(to, recipient.size())))
        co_return tell_refused(reply(452, "4.3.1", "too many recipients for now, try again later"), recipient,
                               "limits.memory");
    const std::optional<Reply> refusal = co_await delivery_->add_recipient(envelope, std::move(to));
    if (!refusal) co_return std::nullopt;
    LogEntry entry("recipient_refused", delivery_->problem().empty() ? LogLevel::info : LogLevel::warning);
    entry.with("tx", id_).with("to", recipient).with("code", refusal->code()).with("text", refusal->text());
    entry.with_some("problem", delivery_->problem());
    services_.log.write_bounded(entry, client_.address, Log::lines_to_look_for);
    std::optional<Reply> answer = passed_on(*refusal);
    co_return answer;
}

smtp::BareNewlines Transaction::bare_newlines() const {
    return judgement_->bare_newlines();
}

asio::awaitable<void> Transaction::content(std::string_view octets) {
    if (judgement_->is_header_too_large() || !storage_problem_.empty()) co_return;
    const std::size_t header = judgement_->header_part(octets);
    if (header > 0) {
        if (!share_of_memory_.take(header))
            co_return give_up("the client's share of limits.memory is used up");
        header_octets_ += header;
        co_await judgement_->add_header(octets.substr(0, header));
        if (judgement_->is_header_too_large()) give_back_header();
        octets.remove_prefix(header);
    }
    if (!judgement_->header() || octets.empty()) co_return;
    judgement_->add_body(octets);
    if (sealer_) sealer_->body(octets);
    const bool kept = co_await body_.append(octets);
    if (!kept) give_up(body_.problem());
}

void Transaction::give_up(const std::string& problem) {
    storage_problem_ = problem;
    judgement_->give_up();
    if (!judgement_->header()) give_back_header();
}

asio::awaitable<std::optional<Reply>> Transaction::chunk_done(const smtp::Envelope& envelope,
                                                              const smtp::ContentFraming& framing) {
    if (!judgement_->is_refused_unread(framing)) co_return std::nullopt;
    std::optional<Reply> final_reply = refusal_reply(*judgement_->refusal(), runtime_->config.hostname, id_);
    size_ = framing.size();
    co_await abandon();
    record(envelope, *final_reply);
    co_return final_reply;
}

asio::awaitable<Reply> Transaction::finish(const smtp::Envelope& envelope,
                                           const smtp::ContentFraming& framing) {
    size_ = framing.size();
    co_await judgement_->end(framing);
    if (evidence().is_spf_out_of_time && evidence().spf.domain && services_.dns.spent_checks)
        services_.dns.spent_checks->note(client_.address, *evidence().spf.domain,
                                         std::chrono::steady_clock::now());
    std::optional<Reply> final_reply;
    if (!judgement_->refusal()) final_reply = refuse_message();
    if (!judgement_->refusal() && !final_reply) {
        facts_.dns_brownout = services_.dns.brownout && services_.dns.brownout->active();
        judgement_->decide(framing);
    }
    if (judgement_->refusal())
        final_reply = refusal_reply(*judgement_->refusal(), runtime_->config.hostname, id_);
    if (final_reply) {
        co_await abandon();
    } else {
        delivery_->hold();
        co_await yield();
        final_reply = co_await carry_out(envelope);
        if (budget_ && final_reply->is_positive()) budget_->give_back_zones();
    }
    record(envelope, *final_reply);
    co_return *final_reply;
}

// The fields that are left out, with turns in between. Strays too: what is no field to us may be one to the
// next reader.
asio::awaitable<std::vector<std::string_view>> Transaction::fields_to_remove() const {
    const std::vector<std::string> ours{runtime_->config.authserv_id, runtime_->config.hostname};
    auth::results::ClaimFinder claims(ours);
    const bool final = delivery_->is_final();
    const bool writes_spf = runtime_->config.authentication.writes_received_spf();
    dns::Turns turns(services_.executor, std::chrono::steady_clock::now, claim_);
    std::vector<std::string_view> found;
    const std::vector<auth::HeaderField>& fields = judgement_->header()->fields();
    const std::vector<auth::HeaderField>& strays = judgement_->header()->strays();
    for (std::size_t i = 0; i < fields.size() + strays.size(); ++i) {
        if (turns.is_over()) co_await turns.next();
        const auth::HeaderField& field = i < fields.size() ? fields[i] : strays[i - fields.size()];
        if (claims.is_claim(field) || field.reads_as("X-Quarantine") ||
            (writes_spf && field.reads_as("Received-SPF")) || (final && field.reads_as("Return-Path")))
            found.push_back(field.raw);
    }
    co_return found;
}

asio::awaitable<Reply> Transaction::carry_out(const smtp::Envelope& envelope) {
    std::vector<std::string_view> removed = co_await fields_to_remove();
    const TopFields top = top_fields(envelope);
    OutgoingMessage message(top.text, judgement_->header(), body_, std::move(removed));
    if (sealer_) co_await add_arc_set(message, top);
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
asio::awaitable<void> Transaction::add_arc_set(OutgoingMessage& message, const TopFields& top) {
    constexpr std::size_t own_fields = 8;  // local: more than top_fields() writes
    const std::size_t max_fields = runtime_->config.limits.header_fields + own_fields;
    const auth::HeaderBlockPtr header = auth::HeaderBlock::parse(message.header_text(), max_fields);
    auth::arc::SealingOptions options;
    options.timestamp = std::chrono::system_clock::now();
    dns::Turns turns(services_.executor, std::chrono::steady_clock::now, claim_);
    sealer_->sign_message(*header, evidence().arc, top.results, options);
    if (turns.is_over()) co_await turns.next();
    sealed_ = sealer_->seal_set();
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
    fields.results = auth::results::authentication_results_value(config.authserv_id, identity, evidence(),
                                                                 policy_note(decision(), evidence()));
    top += auth::results::authentication_results_field(fields.results);
    if (decision().action == policy::Action::quarantine) top += quarantine_field(decision());
    fields.arc_set_at = top.size();
    if (config.authentication.writes_received_spf() && evidence().spf.evaluated)
        top += auth::results::received_spf_field(
            auth::results::received_spf_value(config.hostname, identity, evidence().spf));
    TraceFacts trace;
    trace.helo = client_.helo;
    if (evidence().iprev.name) trace.client_name = evidence().iprev.name->text();
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
    count_unfinished();
    if (delivery_) co_await delivery_->abandon();
}

}  // namespace gatepost::server
