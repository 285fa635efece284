// Whole SPF checks over records and answers that a stranger wrote. The first line is the record of
// example.org, every further line what one more question is answered with.
#include "tests/support/run.hpp"

#include "auth/spf/check_host.hpp"
#include "auth/spf/record.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace gatepost;

void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view next_line(std::string_view& rest) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
}

// A line is the text of a TXT record, or of the name or address that the type needs; "!" fails, an empty line
// is an absence.
class ScriptResolver final : public dns::Resolver {
  public:
    explicit ScriptResolver(std::string_view script) : script_(script) {}

    boost::asio::awaitable<dns::AnswerPtr> query(dns::DomainName, dns::RrType type) override {
        ++questions;
        const std::string_view line = next_line(script_);
        auto answer = std::make_shared<dns::Answer>();
        if (line == "!") co_return answer;
        answer->outcome = dns::Outcome::nx_domain;
        const auto name = dns::DomainName::parse(line);
        const auto address = dns::IpAddress::parse(line);
        if (type == dns::RrType::txt && !line.empty()) {
            answer->records.emplace_back(std::string(line));
        } else if (type == dns::RrType::mx && name) {
            dns::MxData mx;
            mx.exchange = *name;
            answer->records.emplace_back(mx);
        } else if (type == dns::RrType::ptr && name) {
            answer->records.emplace_back(*name);
        } else if (address) {
            answer->records.emplace_back(*address);
        }
        if (!answer->records.empty()) answer->outcome = dns::Outcome::success;
        co_return answer;
    }

    unsigned questions = 0;

  private:
    std::string_view script_;
};

void check_parser(std::string_view text) {
    if (!auth::spf::is_spf_record(text)) return;
    const auto parsed = auth::spf::Record::parse(text);
    const auto* record = std::get_if<auth::spf::Record>(&parsed);
    if (!record) {
        const std::string reason = std::get<auth::spf::SyntaxError>(parsed).reason.text();
        require(std::all_of(reason.begin(), reason.end(), ascii::is_printable));
        return;
    }
    for (const char* client : {"192.0.2.1", "2001:db8::1"}) {
        auth::spf::Record::Position position;
        std::size_t octets = 0;
        while (const auto directive = record->next_for(*dns::IpAddress::parse(client), position))
            octets += directive->text.size();
        require(octets <= text.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view script(reinterpret_cast<const char*>(data), size);
    std::string_view rest = script;
    check_parser(next_line(rest));

    ScriptResolver resolver(script);
    const auth::spf::Limits limits;
    auth::spf::Request request(*dns::IpAddress::parse("192.0.2.1"), "helo.example.org", "user@example.org",
                               "mx1.example.net", std::chrono::system_clock::time_point());
    const auto check = tests::run(auth::spf::check_mail_from(std::move(request), resolver, limits));
    require(check.lookups <= limits.lookup_terms + 1);
    require(check.void_lookups <= limits.void_lookups + 1);
    // The first TXT, each term with its exchanges, PTR with its names, the explanation.
    require(resolver.questions <= 1 + limits.lookup_terms * (1 + limits.mx_names) + 1 + limits.ptr_names + 1);
    for (const std::string& text : {check.explanation, check.reason.text(), check.mechanism}) {
        require(text.size() <= 400);
        require(std::all_of(text.begin(), text.end(), ascii::is_printable));
    }
    return 0;
}
