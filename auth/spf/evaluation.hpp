// One evaluation of check_host() (RFC 7208 §4.3 to §6.2): the record of a domain, its directives from left to
// right, include and redirect with them, under limits that all of it shares.
#pragma once

#include "auth/reason.hpp"
#include "auth/spf/client_names.hpp"
#include "auth/spf/limits.hpp"
#include "auth/spf/macro.hpp"
#include "auth/spf/record.hpp"
#include "auth/spf/result.hpp"

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gatepost::auth::spf {

class Evaluation {
  public:
    // `values`: all but %{d} and %{p}, which this sets. `resolver` outlives this.
    Evaluation(dns::IpAddress client, MacroValues values, dns::Resolver& resolver, Limits limits);

    // Call once. `domain` is a well-formed name of several labels.
    boost::asio::awaitable<void> run(dns::DomainName domain);

    Result result() const { return verdict_.result; }
    const std::string& mechanism() const { return verdict_.mechanism; }
    const std::string& explanation() const { return explanation_; }
    const Reason& reason() const { return reason_; }
    unsigned lookups() const { return lookups_; }
    unsigned void_lookups() const { return void_lookups_; }

  private:
    // What one record, with those it redirects to, says of the client.
    struct Verdict {
        Result result = Result::none;
        std::string mechanism;                   // the directive that matched, as written
        std::optional<MacroString> explanation;  // exp= of the record whose directive gave fail
        dns::DomainName domain;                  // where that record stands
    };
    // RFC 7208 §4.6.2: a mechanism matches, does not, or ends all evaluation.
    enum class Match { no, yes, temperror, permerror };
    enum class Origin { identity, include };

    boost::asio::awaitable<Verdict> check(dns::DomainName domain, Origin origin);
    // Kept with the answer of the DNS that it was read from.
    using RecordPtr = std::shared_ptr<const Record>;
    std::variant<RecordPtr, Result> read_record(const dns::DomainName& domain, const dns::Answer& answer);
    // nullopt: no directive matched.
    boost::asio::awaitable<std::optional<Verdict>> check_record(const Record& record, dns::DomainName domain,
                                                                Origin origin);
    // Of a mechanism that needs the DNS.
    boost::asio::awaitable<Match> match(const Directive& directive, dns::DomainName domain, Origin origin);
    boost::asio::awaitable<Match> match_include(dns::DomainName target);
    boost::asio::awaitable<Match> match_a(const Directive& directive, dns::DomainName target);
    boost::asio::awaitable<Match> match_mx(const Directive& directive, dns::DomainName target);
    boost::asio::awaitable<Match> match_ptr(const Directive& directive, dns::DomainName target,
                                            Origin origin);
    boost::asio::awaitable<Match> match_exists(dns::DomainName target);
    // The <target-name> of RFC 7208 §4.8.
    struct Target {
        std::optional<dns::DomainName> name;  // absent: what results is no domain name, or
        bool unmatchable = false;             // holds a local part outside ASCII (RFC 8616 §4), or
        bool over_limit = false;              // %{p} would need one lookup too many
    };
    boost::asio::awaitable<Target> target_of(const MacroString& spec, dns::DomainName domain);
    bool uses_unmatchable_local_part(const MacroString& spec) const;
    boost::asio::awaitable<void> explain_fail();

    bool holds_client(const Directive& directive, const dns::Answer& answer) const;
    bool begin_term();
    bool count_lookup();
    // What an answer of the running term ends evaluation with; nullopt where it can be used.
    std::optional<Match> trouble(const dns::DomainName& name, dns::RrType type, const dns::Answer& answer);
    bool count_void();
    // A lookup that RFC 7208 lets fail unseen (§5.5, %{p}) left it open whether the result is `would_be`.
    void doubt(Result would_be);
    void settle_doubts();

    dns::IpAddress client_;
    MacroValues values_;
    dns::Resolver& resolver_;
    Limits limits_;
    ClientNames client_names_;
    bool local_part_is_ascii_;
    Verdict verdict_;
    std::string explanation_;
    Reason reason_;
    std::size_t record_octets_ = 0;  // of all records of this check
    unsigned lookups_ = 0;
    unsigned void_lookups_ = 0;
    bool term_was_void_ = false;
    unsigned open_terms_ = 0;  // not void, but trouble hides whether they are
    bool term_is_open_ = false;
    std::vector<Result> doubts_;
};

}  // namespace gatepost::auth::spf
