// From the client, the envelope and the octets of a message to what is said of it: framing, bounds, evidence,
// decision. `serve` and `verify` both judge by it, so that they cannot differ. It sends nothing and keeps
// nothing but the header.
#pragma once

#include "server/smtp/content_framing.hpp"

#include "config/config.hpp"

#include "policy/decision.hpp"
#include "policy/facts.hpp"

#include "auth/gather_evidence.hpp"
#include "auth/message/header_block.hpp"

#include "dns/resolver.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server {

class Judgement {
  public:
    using TimePoint = std::chrono::system_clock::time_point;

    // `facts`, who sends, may be completed until decide(); it and `config` outlive this.
    // `is_named`: of one of our own machines, or exempted by its address or certificate.
    Judgement(boost::asio::any_io_executor executor, std::shared_ptr<dns::Resolver> resolver,
              const config::Config& config, const policy::Facts& facts, bool is_named = false);

    // MAIL came: SPF and the client's name are asked for from now on. `is_time_final`: where SPF comes to no
    // end within its time, the rest of it counts as absent (server/spent_checks.hpp).
    boost::asio::awaitable<void> begin(TimePoint now, bool is_time_final);
    // What is done with bare CR and LF: where an exemption may forgive them, as far as the client and the
    // envelope tell, they become CRLF; decide() sees to the rest of its condition.
    smtp::BareNewlines bare_newlines() const;

    // How many of `octets`, content as it comes in chunks of any size, belong to the header: up to and with
    // the empty line. 0 once the header has ended.
    std::size_t header_part(std::string_view octets) const;
    // Takes what header_part() counted, then what is left as body.
    boost::asio::awaitable<void> add_header(std::string_view octets);
    void add_body(std::string_view octets) { gatherer_.body(octets); }
    // Some of the content could not be kept: it is not judged but put off.
    void give_up();
    // The room that a header takes while it comes. None where it is too large, or was given up.
    std::size_t room_of_header() const { return header_octets_.capacity(); }

    // The whole header; null while it comes, and where it is too large.
    const auth::HeaderBlockPtr& header() const { return header_; }
    bool is_header_too_large() const { return is_header_too_large_; }

    // What no rule and no exemption lets in: it is the message itself that is broken or too large. True:
    // refusal() says so, and nothing more is to be asked.
    bool is_refused_unread(const smtp::ContentFraming& framing);
    // The end of data. Afterwards refusal() is set, or evidence() is there.
    boost::asio::awaitable<void> end(const smtp::ContentFraming& framing);
    // After end() without a refusal.
    void decide(const smtp::ContentFraming& framing);

    // decide() was reached: evidence() and decision() hold.
    bool is_judged() const { return is_judged_; }
    const std::optional<policy::Refusal>& refusal() const { return refusal_; }
    const auth::Evidence& evidence() const { return evidence_; }
    const policy::Decision& decision() const { return decision_; }
    // The exemption that forgave bare newlines, or empty.
    const std::string& newlines_forgiven_by() const { return newlines_forgiven_by_; }

  private:
    void forget_header();
    boost::asio::awaitable<void> end_of_header();
    std::optional<policy::Refusal> broken_or_too_large(const smtp::ContentFraming& framing) const;
    std::optional<policy::Refusal> refuse_bare_newlines(const smtp::ContentFraming& framing);

    boost::asio::any_io_executor executor_;
    const config::Config& config_;
    const policy::Facts& facts_;
    auth::EvidenceGatherer gatherer_;
    TimePoint began_;
    std::string header_octets_;  // until the header is whole
    bool is_header_too_large_ = false;
    bool is_incomplete_ = false;
    auth::HeaderBlockPtr header_;
    auth::Evidence evidence_;
    policy::Decision decision_;
    std::optional<policy::Refusal> refusal_;
    std::string newlines_forgiven_by_;
    bool is_judged_ = false;
};

}  // namespace gatepost::server
