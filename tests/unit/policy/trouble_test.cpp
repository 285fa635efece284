// Trouble is never a verdict, over the whole pipeline. Each message of trouble_cases.cpp is judged in a clean
// run; then each of its questions fails in turn, and then all from the n-th on. What is said all the same
// must be true in every world that the missing answers could have come from: the true one, one without the
// records, and worlds that a friend or an enemy of the message wrote.
#include "tests/support/arc_chain.hpp"
#include "tests/support/pipeline.hpp"
#include "tests/unit/policy/trouble_cases.hpp"

#include "auth/dkim/sign.hpp"

#include "dns/ascii.hpp"
#include "dns/local_records.hpp"
#include "dns/zone_resolver.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>

namespace gatepost::tests {
namespace {

using dns::AnswerPtr;
using dns::RrType;
using Question = dns::ZoneResolver::Question;
// The answer of a world to a question; null: what the zone says.
using World = std::function<AnswerPtr(const Question&)>;
// Is the answer to a question at hand, as one that is cached is?
using AtHand = std::function<bool(const Question&)>;

std::string text_of(const Question& question) {
    return std::string(dns::to_string(question.type)) + ' ' + question.name.text();
}

AnswerPtr failure(const std::string& detail) {
    auto answer = std::make_shared<dns::Answer>();
    answer->detail = detail;
    return answer;
}

AnswerPtr absence(dns::Outcome outcome) {
    auto answer = std::make_shared<dns::Answer>();
    answer->outcome = outcome;
    return answer;
}

AnswerPtr records(std::vector<dns::RecordData> data) {
    auto answer = std::make_shared<dns::Answer>();
    answer->outcome = dns::Outcome::success;
    answer->records = std::move(data);
    return answer;
}

// Answers as a cache does, each question in the same way for all that ask; and, but for what is at hand,
// never at once: so that the mechanisms run side by side.
class WorldResolver final : public dns::Resolver {
  public:
    WorldResolver(const dns::ZoneResolver& zone, World world, AtHand at_hand)
        : zone_(zone), world_(std::move(world)), at_hand_(std::move(at_hand)) {}

    AnswerPtr known(const dns::DomainName& owner, RrType type) override {
        const Question question{owner, type};
        return at_hand_(question) ? answer_to(question) : nullptr;
    }

    boost::asio::awaitable<AnswerPtr> query(dns::DomainName owner, RrType type) override {
        const AnswerPtr answer = answer_to({owner, type});
        const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
        co_await boost::asio::post(executor, boost::asio::use_awaitable);
        co_return answer;
    }

    // Distinct ones, in the order in which they were first asked.
    std::vector<Question> questions() const {
        std::vector<Question> asked;
        for (const auto& answered : answers_)
            asked.push_back(answered.first);
        return asked;
    }

  private:
    AnswerPtr answer_to(const Question& question) {
        auto known = std::find_if(answers_.begin(), answers_.end(),
                                  [&](const auto& answered) { return answered.first == question; });
        if (known == answers_.end()) {
            AnswerPtr answer = world_(question);
            if (!answer) answer = zone_.find(question.name, question.type);
            known = answers_.insert(known, {question, answer});
        }
        return known->second;
    }

    const dns::ZoneResolver& zone_;
    World world_;
    AtHand at_hand_;
    std::vector<std::pair<Question, AnswerPtr>> answers_;
};

const auth::crypto::SigningKey& signing_key() {
    static const auth::crypto::SigningKey key = auth::crypto::SigningKey::generate_ed25519().value();
    return key;
}

std::string other_key_record() {
    return auth::dkim::key_record_of(auth::crypto::SigningKey::generate_ed25519().value());
}

AnswerPtr texts(std::vector<std::string> all) {
    std::vector<dns::RecordData> data(all.begin(), all.end());
    return records(std::move(data));
}

std::vector<AnswerPtr> hostile_texts(const Question& question) {
    std::vector<AnswerPtr> answers;
    const std::string& owner = question.name.text();
    if (owner.starts_with("_dmarc.")) {
        for (const auto* text :
             {"v=DMARC1; p=none", "v=DMARC1; p=reject", "v=DMARC1; p=reject; adkim=s; aspf=s",
              "v=DMARC1; p=quarantine; psd=n", "v=DMARC1; p=reject; psd=y", "v=DMARC1; p=none; sp=reject",
              "v=DMARC1; p=reject; sp=none; np=none", "v=DMARC1; p=reject; t=y", "v=DMARC1; p=", "else"})
            answers.push_back(texts({text}));
        answers.push_back(texts({"v=DMARC1; p=none", "v=DMARC1; p=reject"}));
    } else if (owner.find("._domainkey.") != std::string::npos) {
        static const std::string other = other_key_record();
        const std::string own = auth::dkim::key_record_of(signing_key());
        for (const std::string& text :
             {own, other, std::string("v=DKIM1; p="), own + "; t=s", own + "; s=none", own + "; h=sha1"})
            answers.push_back(texts({text}));
        answers.push_back(texts({other, own}));
    } else {
        for (const auto* text :
             {"v=spf1 +all", "v=spf1 -all", "v=spf1 ~all", "v=spf1", "v=spf1 syntax error",
              "v=spf1 redirect=yes.example", "v=spf1 include:void.example -all", "v=spf1 ptr -all", "else"})
            answers.push_back(texts({text}));
        answers.push_back(texts({"v=spf1 +all", "v=spf1 -all"}));
    }
    return answers;
}

// What a question that was not answered could have been answered with.
std::vector<AnswerPtr> alternatives(const Question& question) {
    const auto name = [](std::string_view text) {
        return dns::DomainName::parse(text).value();
    };
    const auto client = dns::IpAddress::parse("192.0.2.1").value();
    const auto stranger = dns::IpAddress::parse("203.0.113.9").value();
    std::vector<AnswerPtr> answers;
    if (question.type == RrType::txt) answers = hostile_texts(question);
    answers.push_back(nullptr);  // the truth
    answers.push_back(absence(dns::Outcome::nx_domain));
    answers.push_back(absence(dns::Outcome::no_data));
    if (question.type == RrType::mx) {
        for (const auto* exchange : {"client.example", "stranger.example", "void.example"}) {
            dns::MxData mx;
            mx.exchange = name(exchange);
            answers.push_back(records({mx}));
        }
    } else if (question.type == RrType::ptr) {
        answers.push_back(records({name("client.example")}));
        answers.push_back(records({name("stranger.example")}));
        answers.push_back(records({name("void.example"), name("client.example")}));
    } else if (question.type != RrType::txt) {
        answers.push_back(records({client}));
        answers.push_back(records({stranger}));
        answers.push_back(records({stranger, client}));
    }
    return answers;
}

// A row, made ready to run.
struct Message {
    explicit Message(const TroubleCase& row);
    PipelineOutcome judge(const World& world, std::vector<Question>* asked = nullptr) const {
        WorldResolver resolver(*zone.zone, world, [](const Question&) { return false; });
        PipelineOutcome outcome = run_pipeline(input, resolver);
        if (asked) *asked = resolver.questions();
        return outcome;
    }
    PipelineOutcome judge_with(const World& world, AtHand at_hand) const {
        WorldResolver resolver(*zone.zone, world, std::move(at_hand));
        return run_pipeline(input, resolver);
    }

    PipelineInput input;
    dns::LocalZone zone;
};

Message::Message(const TroubleCase& row) {
    std::vector<std::string> lines = row.zone;
    lines.insert(lines.end(), common_zone().begin(), common_zone().end());
    const auto publish_key = [&](const char* domain) {
        std::string line = std::string("s._domainkey.") + domain + " TXT \"" +
                           auth::dkim::key_record_of(signing_key()) + '"';
        if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
    };
    input.body = "Hello.\r\n";
    std::string header = std::string("From: ") + row.author + "\r\nSubject: x\r\n" + row.fields + "\r\n";
    for (const TroubleSignature& signature : row.signatures) {
        publish_key(signature.domain);
        auth::dkim::SigningOptions options;
        options.domain = dns::DomainName::parse(signature.domain).value();
        options.selector = "s";
        if (signature.partly) options.names = {"from", "subject"};
        const std::string body = signature.broken ? "Hallo.\r\n" : input.body;
        header = *auth::dkim::sign(*auth::HeaderBlock::parse(header), body, signing_key(), options) + header;
        if (signature.partly) header = "Subject: y\r\n" + header;
    }
    ArcSetToMake set;
    for (const char* sealer : row.sealers) {
        publish_key(sealer);
        set.domain = sealer;
        header = make_arc_set(set, header, input.body, signing_key()) + header;
        ++set.instance;
    }
    zone = dns::make_local_zone(lines);
    input.header = header;
    input.sender = {dns::IpAddress::parse("192.0.2.1").value(), "client.example", row.mail_from};
    input.settings = row.settings;
    if (row.psl) input.options.discovery = auth::dmarc::Discovery::psl;
}

// What each mechanism says, "temperror" where it says that it cannot tell. Left out: what was not looked at.
std::map<std::string, std::string> verdicts_of(const auth::Evidence& evidence) {
    std::map<std::string, std::string> verdicts;
    verdicts["spf"] = to_string(evidence.spf.result);
    for (std::size_t i = 0; i < evidence.dkim.size(); ++i)
        verdicts["dkim " + std::to_string(i)] = to_string(evidence.dkim[i].result);
    verdicts["arc"] = evidence.arc.temporary ? "temperror" : to_string(evidence.arc.result);
    verdicts["dmarc"] = to_string(evidence.dmarc.result);
    if (evidence.dmarc.result == auth::dmarc::Result::fail) {
        verdicts["dmarc"] += ' ' + std::string(to_string(evidence.dmarc.policy));
        verdicts["dmarc"] += ' ' + std::string(to_string(evidence.dmarc.applied_policy));
    }
    // Beside a pass of DMARC these two are not waited for (PRODUCT.md, "an aligned pass waits for nothing
    // more").
    if (evidence.dmarc.result == auth::dmarc::Result::pass) return verdicts;
    verdicts["spf of HELO"] = to_string(evidence.spf_helo.result);
    verdicts["iprev"] = to_string(evidence.iprev.result);
    return verdicts;
}

std::string reply_of(const policy::Decision& decision) {
    if (!decision.refusal) return "250";
    return std::to_string(decision.refusal->code) + ' ' + decision.refusal->enhanced_code;
}

// One run with trouble against all the worlds that it could be.
struct Comparison {
    const PipelineOutcome& troubled;
    std::vector<PipelineOutcome> possible;
    const policy::Settings& settings;
    std::string where;

    // Whatever is said holds in every world.
    void check_mechanisms() const {
        for (const auto& [mechanism, verdict] : verdicts_of(troubled.evidence)) {
            if (verdict == "temperror") continue;
            for (const PipelineOutcome& world : possible) {
                const auto verdicts = verdicts_of(world.evidence);
                const auto found = verdicts.find(mechanism);
                if (found == verdicts.end()) continue;
                EXPECT_EQ(found->second, verdict) << where << ": " << mechanism << " says what is not proven";
                if (found->second != verdict) break;
            }
        }
    }

    // 451, or what every world does. Where the operator wants trouble accepted: never a refusal for good.
    void check_decision() const {
        const policy::Decision& decision = troubled.decision;
        if (decision.action == policy::Action::defer) {
            EXPECT_EQ(decision.refusal.value().code, 451) << where;
            EXPECT_TRUE(ascii_only(decision.refusal->text)) << where;
            return;
        }
        const bool forgives_trouble = settings.on_temperror == policy::OnTemperror::accept;
        if (forgives_trouble && decision.action != policy::Action::reject) return;
        for (const PipelineOutcome& world : possible) {
            EXPECT_EQ(to_string(decision.action), to_string(world.decision.action)) << where;
            EXPECT_EQ(reply_of(decision), reply_of(world.decision)) << where;
            for (const policy::Fact fact : decision.facts) {
                const auto& facts = world.decision.facts;
                EXPECT_NE(std::find(facts.begin(), facts.end(), fact), facts.end())
                    << where << ": " << to_string(fact) << " is not proven";
            }
            if (decision.action != world.decision.action) break;
        }
    }

    // What the answers at hand prove is not held back: an identifier that passes. (Where SPF is all there is
    // and one of its lookups fails, RFC 7208 §5 wants temperror, although every answer might lead to the
    // same.)
    void check_precision() const {
        const auto& dkim = troubled.evidence.dkim;
        const bool none_passes =
            std::none_of(dkim.begin(), dkim.end(), [](const auth::dkim::Signature& signature) {
                return signature.result == auth::dkim::Result::pass;
            });
        if (none_passes && troubled.evidence.spf.result == auth::spf::Result::temperror) return;
        const bool passes_everywhere =
            std::all_of(possible.begin(), possible.end(), [](const PipelineOutcome& world) {
                return world.evidence.dmarc.result == auth::dmarc::Result::pass;
            });
        if (passes_everywhere) {
            EXPECT_EQ(to_string(troubled.evidence.dmarc.result), "pass")
                << where << ": " << troubled.evidence.dmarc.reason;
        }
        const bool accepted_everywhere = std::all_of(
            possible.begin(), possible.end(),
            [](const PipelineOutcome& world) { return world.decision.action == policy::Action::accept; });
        if (accepted_everywhere) {
            EXPECT_EQ(to_string(troubled.decision.action), "accept")
                << where << ": " << troubled.decision.reason;
        }
    }

    static bool ascii_only(const std::string& text) {
        return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    }
};

std::string clean_verdict(const PipelineOutcome& outcome) {
    return std::string(to_string(outcome.evidence.dmarc.result)) + ' ' +
           std::string(to_string(outcome.decision.action));
}

const World truth = [](const Question&) {
    return AnswerPtr();
};

class Trouble : public testing::TestWithParam<std::size_t> {
  protected:
    void SetUp() override {
        for (const auto& error : message.zone.errors)
            ADD_FAILURE() << row.name << ": line " << error.line << ": " << error.text;
        EXPECT_EQ(clean_verdict(message.judge(truth, &questions)), row.clean) << row.name;
        ASSERT_FALSE(questions.empty());
    }

    const TroubleCase& row = trouble_cases().at(GetParam());
    const Message message{row};
    std::vector<Question> questions;
};

TEST_P(Trouble, at_one_lookup_is_no_verdict) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
        const Question& question = questions[i];
        const auto answering = [&](const AnswerPtr& answer) -> World {
            return [&question, answer](const Question& asked) {
                return asked == question ? answer : AnswerPtr();
            };
        };
        std::vector<PipelineOutcome> possible;
        for (const AnswerPtr& answer : alternatives(question))
            possible.push_back(message.judge(answering(answer)));
        for (const auto* detail : {"timeout", "SERVFAIL from 127.0.0.1"}) {
            const PipelineOutcome troubled = message.judge(answering(failure(detail)));
            const Comparison comparison{troubled, possible, row.settings,
                                        std::string(row.name) + ", lookup " + std::to_string(i + 1) + " of " +
                                            std::to_string(questions.size()) + " (" + text_of(question) +
                                            ") fails"};
            comparison.check_mechanisms();
            comparison.check_decision();
            comparison.check_precision();
        }
    }
}

// From the n-th lookup on the DNS is gone. The worlds are drawn: each missing answer is the true one, or one
// of the others.
TEST_P(Trouble, from_some_lookup_on_is_no_verdict) {
    constexpr unsigned worlds = 12;
    std::mt19937 random(20'261'124);  // fixed, so that a failure comes again
    for (std::size_t first = 0; first < questions.size(); ++first) {
        const auto answered = [&](const Question& asked) {
            const auto end = questions.begin() + static_cast<std::ptrdiff_t>(first);
            return std::find(questions.begin(), end, asked) != end;
        };
        const PipelineOutcome troubled = message.judge(
            [&](const Question& asked) { return answered(asked) ? AnswerPtr() : failure("timeout"); });
        std::vector<PipelineOutcome> possible = {message.judge(truth)};
        for (unsigned i = 0; i < worlds; ++i)
            possible.push_back(message.judge([&](const Question& asked) {
                if (answered(asked) || random() % 2 == 0) return AnswerPtr();
                const std::vector<AnswerPtr> choices = alternatives(asked);
                return choices[random() % choices.size()];
            }));
        const Comparison comparison{troubled, std::move(possible), row.settings,
                                    std::string(row.name) + ", lookups from " + std::to_string(first + 1) +
                                        " of " + std::to_string(questions.size()) + " on (" +
                                        text_of(questions[first]) + ") fail"};
        comparison.check_mechanisms();
        comparison.check_decision();
    }
}

// What is cached changes how a check runs, and nothing of what it finds: with all answers at hand, and with
// all but one, in the true world and with trouble at each lookup.
TEST_P(Trouble, is_judged_alike_with_answers_at_hand) {
    std::vector<World> worlds = {truth};
    for (const Question& failing : questions)
        worlds.push_back([&failing](const Question& asked) {
            return asked == failing ? failure("timeout") : AnswerPtr();
        });
    std::vector<AtHand> at_hand = {[](const Question&) {
        return true;
    }};
    for (const Question& missing : questions)
        at_hand.push_back([&missing](const Question& asked) { return asked != missing; });
    for (std::size_t i = 0; i < worlds.size(); ++i) {
        const PipelineOutcome expected = message.judge(worlds[i]);
        for (std::size_t k = 0; k < at_hand.size(); ++k) {
            const PipelineOutcome outcome = message.judge_with(worlds[i], at_hand[k]);
            const std::string where =
                std::string(row.name) + ", world " + std::to_string(i) + ", at hand " + std::to_string(k);
            EXPECT_EQ(verdicts_of(outcome.evidence), verdicts_of(expected.evidence)) << where;
            EXPECT_EQ(to_string(outcome.decision.action), to_string(expected.decision.action)) << where;
            EXPECT_EQ(reply_of(outcome.decision), reply_of(expected.decision)) << where;
        }
    }
}

std::string name_of(const testing::TestParamInfo<std::size_t>& row) {
    std::string name = trouble_cases().at(row.param).name;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !ascii::is_alnum(c); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Messages, Trouble, testing::Range(std::size_t{0}, trouble_cases().size()), name_of);

}  // namespace
}  // namespace gatepost::tests
