#include "server/judgement.hpp"

#include "server/stage_budget.hpp"

#include "policy/decide.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using policy::Refusal;
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

}  // namespace

Judgement::Judgement(asio::any_io_executor executor, std::shared_ptr<dns::Resolver> resolver,
                     const config::Config& config, const policy::Facts& facts, bool is_named)
    : executor_(executor),
      config_(config),
      facts_(facts),
      gatherer_(executor, std::move(resolver), config.authentication, config.hostname,
                dns::Turns(executor, std::chrono::steady_clock::now, dns::Claim{facts.client_ip, is_named})) {
}

asio::awaitable<void> Judgement::begin(TimePoint now, bool is_time_final) {
    began_ = now;
    auth::Sender sender{facts_.client_ip, facts_.helo, facts_.mail_from, facts_.client_hidden};
    dns::QueryBudget budget = stage_budget();
    budget.is_time_final = is_time_final;
    co_await gatherer_.begin(std::move(sender), now, budget);
}

smtp::BareNewlines Judgement::bare_newlines() const {
    return policy::may_be_exempted(config_.policy.exemptions, policy::Forgiven::bare_newline, facts_)
               ? smtp::BareNewlines::normalised
               : smtp::BareNewlines::refused;
}

std::size_t Judgement::header_part(std::string_view octets) const {
    if (header_) return 0;
    return std::min(header_end_in(octets, header_octets_), octets.size());
}

asio::awaitable<void> Judgement::add_header(std::string_view octets) {
    is_header_too_large_ = header_octets_.size() + octets.size() > config_.limits.header_size;
    if (is_header_too_large_) {
        forget_header();
        co_return;
    }
    header_octets_ += octets;
    if (header_octets_ == "\r\n" || header_octets_.ends_with("\r\n\r\n")) co_await end_of_header();
}

void Judgement::give_up() {
    is_incomplete_ = true;
    forget_header();
}

// clear() would keep its room, for which nobody is charged any more.
void Judgement::forget_header() {
    std::string().swap(header_octets_);
}

asio::awaitable<void> Judgement::end_of_header() {
    header_ = auth::HeaderBlock::parse(std::move(header_octets_), config_.limits.header_fields);
    header_octets_.clear();
    // A part of 10 to 40 us is done: the worker's other sessions have their turn.
    co_await asio::post(executor_, asio::use_awaitable);
    co_await gatherer_.header(header_, began_);
    co_await gatherer_.look_up(stage_budget());
}

std::optional<Refusal> Judgement::broken_or_too_large(const smtp::ContentFraming& framing) const {
    using auth::HeaderFault;
    if (framing.is_over_limit()) return Refusal{552, "5.3.4", "message size exceeds the fixed limit"};
    if (const auto& fault = framing.fault()) return Refusal{550, "5.6.0", describe(*fault)};
    if (is_header_too_large_) return Refusal{552, "5.3.4", "the header section exceeds limits.header_size"};
    if (is_incomplete_) return Refusal{452, "4.3.1", "insufficient system storage"};
    if (!header_) return std::nullopt;
    // Whatever else is wrong: a harmless fault above must not hide one of these.
    if (header_->has(HeaderFault::too_many_fields))
        return Refusal{552, "5.3.4", "the header section exceeds limits.header_fields"};
    // A field of ours on top of such a header would swallow its first line.
    for (const HeaderFault fault : {HeaderFault::leading_continuation, HeaderFault::empty_name})
        if (header_->has(fault))
            return Refusal{550, "5.6.0", auth::malformed_header_text(fault, header_->line_of(fault))};
    if (header_->count("Received") > max_received_fields) return Refusal{554, "5.4.6", "too many hops"};
    return std::nullopt;
}

bool Judgement::is_refused_unread(const smtp::ContentFraming& framing) {
    refusal_ = broken_or_too_large(framing);
    return refusal_.has_value();
}

asio::awaitable<void> Judgement::end(const smtp::ContentFraming& framing) {
    // The empty line never came: it is all header.
    if (!header_ && !is_header_too_large_ && !is_incomplete_) co_await end_of_header();
    if (is_refused_unread(framing)) co_return;
    co_await asio::post(executor_, asio::use_awaitable);
    evidence_ = co_await gatherer_.finish(stage_budget());
}

void Judgement::decide(const smtp::ContentFraming& framing) {
    refusal_ = refuse_bare_newlines(framing);
    if (refusal_) return;
    decision_ = policy::decide(facts_, evidence_, config_.policy);
    refusal_ = decision_.refusal;
    is_judged_ = true;
}

// The decoder has already turned bare newlines into CRLF; accept only if one exemption matches in full.
std::optional<Refusal> Judgement::refuse_bare_newlines(const smtp::ContentFraming& framing) {
    if (!framing.normalised()) return std::nullopt;
    const Refusal permanent{550, "5.6.0", describe(*framing.normalised())};
    policy::Pardon pardon =
        policy::find_pardon(policy::Forgiven::bare_newline, permanent, facts_, evidence_, config_.policy);
    if (pardon.exemption != nullptr) newlines_forgiven_by_ = pardon.exemption->id;
    return std::move(pardon.refusal);
}

}  // namespace gatepost::server
