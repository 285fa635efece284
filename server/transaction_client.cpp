// What a transaction asks of its client before anybody behind is asked: whether block lists have it, whether
// it is within its rates, and to send some recipients in a transaction of their own. A message counts in its
// client's rate at MAIL, with data behind it or not, since MAIL costs lookups. Where an exemption may yet
// forgive that, it is counted at its end, or when it is given up.
#include "server/log.hpp"
#include "server/projections.hpp"
#include "server/transaction.hpp"

#include "policy/dnsbl.hpp"

#include <utility>

namespace gatepost::server {
using smtp::Reply;
using Rate = ClientRates::Rate;
using Clock = std::chrono::steady_clock;

bool Transaction::is_listing_forgiven() const {
    const auto& exemptions = runtime_->config.policy.exemptions;
    return policy::find_envelope_exemption(exemptions, policy::Forgiven::dnsbl, facts_) != nullptr;
}

Reply Transaction::rate_refusal() const {
    return reply(450, "4.7.1", "too much of this client for now (" + limit_ + ")");
}

Reply Transaction::tell_refused(Reply answer, const std::string& recipient, std::string_view rule) const {
    LogEntry entry(recipient.empty() ? "sender_refused" : "recipient_refused");
    entry.with("tx", id_).with("client", client_.address.text()).with("helo", client_.helo);
    entry.with("from", "<" + facts_.mail_from + ">").with_some("to", recipient).with("rule", rule);
    entry.with("code", answer.code()).with("text", answer.text());
    services_.log.write_bounded(entry, client_.address, Log::lines_to_look_for);
    return answer;
}

std::optional<Reply> Transaction::refuse_sender() {
    const config::Config& config = runtime_->config;
    is_uncounted_ = policy::may_be_exempted(config.policy.exemptions, policy::Forgiven::rate_limit, facts_);
    if (is_uncounted_) return std::nullopt;
    const auto now = Clock::now();
    ClientRates& rates = services_.clients.rates;
    limit_ = rates.spent(Rate::messages, client_.address, config.limits, now);
    for (const policy::RateLimit& rule : config.policy.rate_limits) {
        const bool matches =
            rule.when.known_at() <= policy::Phase::envelope && rule.when.matches_envelope(facts_);
        if (limit_.empty() && matches && rates.is_spent(rule, client_.address, now)) limit_ = rule.id;
    }
    // Between the two another worker may have taken the last one.
    if (limit_.empty()) limit_ = rates.take(Rate::messages, client_.address, config.limits, now);
    if (limit_.empty()) return std::nullopt;
    services_.metrics.count_client(ClientEvent::rate_limited);
    return tell_refused(rate_refusal(), "", limit_);
}

std::optional<Reply> Transaction::refuse_recipient(const std::string& recipient) {
    const config::Config& config = runtime_->config;
    if (const auto listed = policy::refuse_listed_client(facts_, config.policy)) {
        services_.metrics.count_client(ClientEvent::dnsbl_refused);
        return tell_refused(refusal_reply(*listed, config.hostname, id_), recipient, "policy.dnsbl");
    }
    const auto& exemptions = config.policy.exemptions;
    if (policy::find_envelope_exemption(exemptions, policy::Forgiven::rate_limit, facts_) != nullptr)
        return std::nullopt;
    if (policy::is_exempted_so_far(exemptions, policy::Forgiven::rate_limit, facts_)) {
        ++uncounted_recipients_;
        return std::nullopt;
    }
    limit_ = services_.clients.rates.take(Rate::recipients, client_.address, config.limits, Clock::now());
    if (limit_.empty()) return std::nullopt;
    services_.metrics.count_client(ClientEvent::rate_limited);
    Reply refusal = tell_refused(rate_refusal(), recipient, limit_);
    limit_.clear();  // the recipients taken are within it
    return refusal;
}

// PRODUCT.md, "One transaction, one outcome". It is asked for by the code of RFC 5321 §4.5.3.1.10, which
// every client has to understand; it counts as no error, and takes nothing of the client's rates.
Reply Transaction::put_off(const std::string& recipient) {
    ++put_off_;
    LogEntry entry("recipient_put_off", LogLevel::debug);
    entry.with("tx", id_).with("to", recipient);
    services_.log.write(entry);
    return reply(452, "4.5.3", "Too many recipients: send this one in a transaction of its own");
}

// What was forgiven as far as one could tell, and is not borne out by the message: for the client's next
// ones.
void Transaction::count_recipients() {
    for (; uncounted_recipients_ > 0; --uncounted_recipients_)
        services_.clients.rates.take(Rate::recipients, client_.address, runtime_->config.limits,
                                     Clock::now());
}

// MAIL that was forgiven as an exemption might match, and never became a message that shows whether it does.
void Transaction::count_unfinished() {
    count_recipients();
    if (!std::exchange(is_uncounted_, false)) return;
    const config::Config& config = runtime_->config;
    const auto& exemptions = config.policy.exemptions;
    if (policy::find_envelope_exemption(exemptions, policy::Forgiven::rate_limit, facts_) != nullptr) return;
    services_.clients.rates.take(Rate::messages, client_.address, config.limits, Clock::now());
}

// Counts the message, unless MAIL has; gives the limit that it is too much for.
std::string Transaction::message_limit() {
    const config::Config& config = runtime_->config;
    const auto& settings = config.policy;
    const bool is_uncounted = std::exchange(is_uncounted_, false);
    const auto subject = policy::subject_of(facts_, evidence(), settings.trusted_sealers);
    if (policy::find_exemption(settings.exemptions, policy::Forgiven::rate_limit, subject) != nullptr) {
        uncounted_recipients_ = 0;
        return {};
    }
    count_recipients();
    const auto now = Clock::now();
    ClientRates& rates = services_.clients.rates;
    std::string limit;
    if (is_uncounted) limit = rates.take(Rate::messages, client_.address, config.limits, now);
    for (const policy::RateLimit& rule : settings.rate_limits)
        if (limit.empty() && rule.when.matches(subject) && !rates.take(rule, client_.address, now))
            limit = rule.id;
    return limit;
}

std::optional<Reply> Transaction::refuse_message() {
    limit_ = message_limit();
    if (limit_.empty()) return std::nullopt;
    services_.metrics.count_client(ClientEvent::rate_limited);
    return rate_refusal();
}

}  // namespace gatepost::server
