// Trouble is never a verdict: each lookup of a check is made to fail in turn, and a pass or fail that comes
// out all the same must be what every possible answer in its place gives too.
#include "tests/support/run.hpp"

#include "auth/spf/check_host.hpp"

#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace gatepost::auth::spf {
namespace {

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

const dns::IpAddress client = dns::IpAddress::parse("192.0.2.1").value();
const dns::IpAddress stranger = dns::IpAddress::parse("203.0.113.9").value();

// Gives one question an answer of its own; the zone answers the rest.
class OneAnswerResolver final : public dns::Resolver {
  public:
    OneAnswerResolver(dns::ZoneResolver& zone, dns::ZoneResolver::Question question, dns::Answer answer)
        : zone_(zone),
          question_(std::move(question)),
          answer_(std::make_shared<dns::Answer>(std::move(answer))) {}

    boost::asio::awaitable<dns::AnswerPtr> query(dns::DomainName owner, dns::RrType type) override {
        const dns::ZoneResolver::Question asked{owner, type};
        if (asked == question_) co_return answer_;
        co_return zone_.find(owner, type);
    }

  private:
    const dns::ZoneResolver& zone_;
    dns::ZoneResolver::Question question_;
    dns::AnswerPtr answer_;
};

dns::Answer failure() {
    dns::Answer answer;
    answer.detail = "timeout";
    return answer;
}

dns::Answer absence(dns::Outcome outcome) {
    dns::Answer answer;
    answer.outcome = outcome;
    return answer;
}

dns::Answer records(std::vector<dns::RecordData> data) {
    dns::Answer answer;
    answer.outcome = dns::Outcome::success;
    answer.records = std::move(data);
    return answer;
}

// What the DNS could have said: absent, for and against the client.
std::vector<dns::Answer> alternatives(dns::RrType type) {
    std::vector<dns::Answer> answers = {absence(dns::Outcome::nx_domain), absence(dns::Outcome::no_data)};
    switch (type) {
        case dns::RrType::txt:
            for (const auto* text : {"v=spf1 +all", "v=spf1 -all", "v=spf1", "v=spf1 syntax error", "else"})
                answers.push_back(records({std::string(text)}));
            break;
        case dns::RrType::mx: {
            dns::MxData mx;
            mx.exchange = name("client.example");
            answers.push_back(records({mx}));
            mx.exchange = name("stranger.example");
            answers.push_back(records({mx}));
            break;
        }
        case dns::RrType::ptr:
            answers.push_back(records({name("client.example")}));
            answers.push_back(records({name("client.example.org")}));
            answers.push_back(records({name("client.gone.example")}));
            break;
        default:
            answers.push_back(records({client}));
            answers.push_back(records({stranger}));
    }
    return answers;
}

Check check(dns::Resolver& resolver) {
    Request request(client, "helo.example.org", "user@example.org", "mx1.example.net",
                    std::chrono::system_clock::time_point());
    return tests::run(check_mail_from(std::move(request), resolver, Limits()));
}

dns::ZoneResolver make_zone(const std::string& record) {
    dns::ZoneResolver zone;
    const auto txt = [&](std::string_view owner, std::string text) {
        zone.add(name(owner), dns::RrType::txt, std::move(text));
    };
    const auto a = [&](std::string_view owner, const dns::IpAddress& data) {
        zone.add(name(owner), dns::RrType::a, data);
    };
    const auto mx = [&](std::string_view owner, std::uint16_t preference, std::string_view exchange) {
        dns::MxData data;
        data.preference = preference;
        data.exchange = name(exchange);
        zone.add(name(owner), dns::RrType::mx, data);
    };
    txt("example.org", record);
    txt("yes.example", "v=spf1 a:stranger.example a:client.example -all");
    txt("no.example", "v=spf1 mx:two.example -all");
    txt("deep.example", "v=spf1 include:no.example include:yes.example ~all");
    txt("names.example", "v=spf1 ptr:example.org -exists:%{p}.s.example -all");
    txt("why.example", "because of %{p}");
    a("client.example", client);
    a("client.example.org", client);
    a("stranger.example", stranger);
    mx("two.example", 10, "stranger.example");
    mx("two.example", 20, "unnamed.example");
    mx("three.example", 10, "stranger.example");
    mx("three.example", 20, "client.example");
    zone.add(client.reverse_name(), dns::RrType::ptr, name("client.gone.example"));
    zone.add(client.reverse_name(), dns::RrType::ptr, name("client.example"));
    zone.add(client.reverse_name(), dns::RrType::ptr, name("client.example.org"));
    return zone;
}

bool decisive(Result result) {
    return result == Result::pass || result == Result::fail;
}

constexpr const char* troubled_records[] = {
    "v=spf1 a mx -all",
    "v=spf1 a:stranger.example mx:two.example mx:three.example -all",
    "v=spf1 include:no.example include:yes.example -all exp=why.example",
    "v=spf1 include:deep.example -all",
    "v=spf1 -include:deep.example +all",
    "v=spf1 redirect=deep.example",
    "v=spf1 ptr -all",
    "v=spf1 ptr:unrelated.example -all exp=why.example",
    "v=spf1 -ptr:unrelated.example -all",
    "v=spf1 a:void.example mx:void.example ptr:unrelated.example +all",
    "v=spf1 a:void.example ptr:unrelated.example exists:void.example +all",
    "v=spf1 ptr:gone.example ptr:gone.example exists:client.example +all",
    "v=spf1 a:void.example ptr:gone.example ptr:gone.example +all",
    "v=spf1 ptr:gone.example ptr:gone.example -all",
    "v=spf1 exists:%{p}.e.example -all exp=%{p}.why.example",
    "v=spf1 include:names.example -all",
    "v=spf1 redirect=names.example",
    "v=spf1 exists:%{ir}.list.example ?all",
    "v=spf1 ip4:192.0.2.1 a:never.example -all",
};

TEST(SpfTrouble, gives_no_pass_or_fail_that_is_not_proven) {
    for (const auto* record : troubled_records) {
        dns::ZoneResolver zone = make_zone(record);
        check(zone);
        const std::vector<dns::ZoneResolver::Question> questions = zone.questions();
        ASSERT_FALSE(questions.empty());
        for (std::size_t i = 0; i < questions.size(); ++i) {
            const auto& question = questions[i];
            OneAnswerResolver failing(zone, question, failure());
            const Check troubled = check(failing);
            if (!decisive(troubled.result)) continue;
            for (const dns::Answer& answer : alternatives(question.type)) {
                OneAnswerResolver other(zone, question, answer);
                const Check possible = check(other);
                EXPECT_EQ(possible.result, troubled.result)
                    << '"' << record << "\", lookup " << i + 1 << " of " << questions.size() << ", "
                    << dns::to_string(question.type) << ' ' << question.name.text();
            }
        }
    }
}

// The same, and said outright: where the lookup decides, the result is temperror and says which one it was.
TEST(SpfTrouble, names_the_lookup_that_failed) {
    for (const auto* record :
         {"v=spf1 a mx -all", "v=spf1 include:deep.example -all", "v=spf1 redirect=deep.example",
          "v=spf1 a:stranger.example mx:two.example mx:three.example -all"}) {
        dns::ZoneResolver zone = make_zone(record);
        check(zone);
        const std::vector<dns::ZoneResolver::Question> questions = zone.questions();
        for (const auto& question : questions) {
            OneAnswerResolver failing(zone, question, failure());
            const Check troubled = check(failing);
            EXPECT_EQ(troubled.result, Result::temperror) << record << ' ' << question.name.text();
            EXPECT_EQ(troubled.reason, "no answer of the DNS: " + std::string(dns::to_string(question.type)) +
                                           ' ' + question.name.text() + ": timeout");
            EXPECT_EQ(troubled.mechanism, "");
        }
    }
}

// What the message's own records left no question for: at each retry the same, and never anybody's pass.
TEST(SpfTrouble, of_a_message_that_is_spent_is_permanent) {
    dns::Answer spent = failure();
    spent.trouble = dns::Trouble::message_spent;
    for (const auto* record : troubled_records) {
        dns::ZoneResolver zone = make_zone(record);
        const Check whole = check(zone);
        const std::vector<dns::ZoneResolver::Question> questions = zone.questions();
        for (const auto& question : questions) {
            OneAnswerResolver failing(zone, question, spent);
            const Check cut = check(failing);
            EXPECT_NE(cut.result, Result::temperror) << record << ' ' << question.name.text();
            if (cut.result != whole.result && cut.result == Result::permerror) {
                EXPECT_EQ(cut.reason.words(), "more lookups than a message may cost") << record;
            }
        }
    }
    dns::ZoneResolver zone = make_zone("v=spf1 include:deep.example -all");
    OneAnswerResolver failing(zone, {name("deep.example"), dns::RrType::txt}, spent);
    EXPECT_EQ(check(failing).result, Result::permerror);
}

// A fail stays a fail when its explanation cannot be fetched (RFC 7208 §6.2).
TEST(SpfTrouble, of_an_explanation_changes_no_result) {
    dns::ZoneResolver zone = make_zone("v=spf1 -all exp=why.example");
    EXPECT_EQ(check(zone).explanation, "because of client.example.org");
    const dns::ZoneResolver::Question question{name("why.example"), dns::RrType::txt};
    OneAnswerResolver failing(zone, question, failure());
    const Check troubled = check(failing);
    EXPECT_EQ(troubled.result, Result::fail);
    EXPECT_EQ(troubled.explanation, "");
}

}  // namespace
}  // namespace gatepost::auth::spf
