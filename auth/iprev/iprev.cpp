#include "auth/iprev/iprev.hpp"

#include <algorithm>
#include <variant>

namespace gatepost::auth::iprev {
namespace {

constexpr std::size_t max_names = 10;  // RFC 8601 §3, after RFC 7208 §4.6.4

}  // namespace

std::string_view to_string(Result result) {
    switch (result) {
        case Result::none:
            return "none";
        case Result::pass:
            return "pass";
        case Result::fail:
            return "fail";
        case Result::temperror:
            return "temperror";
        case Result::permerror:
            return "permerror";
    }
    return "none";
}

boost::asio::awaitable<Check> check_iprev(dns::IpAddress client, dns::Resolver& resolver) {
    Check check;
    const dns::AnswerPtr names = co_await resolver.query(client.reverse_name(), dns::RrType::ptr);
    if (names->failed()) {
        check.result = Result::temperror;
        check.reason = Reason("no answer about the PTR record", names->detail);
        co_return check;
    }
    if (!names->found()) {
        check.result = Result::permerror;  // RFC 8601 §2.7.3: no PTR data are published
        check.reason = "the address has no name";
        co_return check;
    }
    check.result = Result::fail;
    check.reason = "no name leads back to the address";
    const dns::RrType type = client.is_v4() ? dns::RrType::a : dns::RrType::aaaa;
    const std::size_t count = std::min(names->records.size(), max_names);
    for (std::size_t i = 0; i < count; ++i) {
        // The name goes into headers and log lines: whoever owns the reverse zone writes it.
        const auto* name = std::get_if<dns::DomainName>(&names->records[i]);
        if (!name || !name->is_host_name(true)) continue;
        const dns::AnswerPtr addresses = co_await resolver.query(*name, type);
        if (addresses->failed()) {
            check.result = Result::temperror;
            check.reason =
                Reason("no answer about the address of a name", name->text() + ": " + addresses->detail);
            continue;
        }
        const auto& records = addresses->records;
        if (std::find(records.begin(), records.end(), dns::RecordData(client)) == records.end()) continue;
        check.result = Result::pass;
        check.name = *name;
        check.reason = Reason();
        co_return check;
    }
    co_return check;
}

}  // namespace gatepost::auth::iprev
