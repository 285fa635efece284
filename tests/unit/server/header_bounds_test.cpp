// Every fault of a header with every bound and every removal (PRODUCT.md, "What the downstream server sees"),
// whatever way the message is let in: a harmless fault hides nothing that is worse.
#include "tests/support/transaction_fixture.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace gatepost::server {
namespace {

using namespace std::string_literals;

struct Fault {
    std::string name;
    std::string lines;
    bool fatal = false;      // refused whatever else is set: framing, or nothing can stand above it
    bool ambiguous = false;  // nobody can say which From field there is
    bool top_only = false;
};

const std::vector<Fault> faults = {
    {"none", ""},
    {"blank in the name", "Bad Name: x\r\n"},
    {"blanks before the colon", "X-Odd \t: x\r\n"},
    {"control in the name", "X\x01Y: x\r\n"},
    {"byte order mark", "\xef\xbb\xbfX-Mark: x\r\n"},
    {"empty name", ": x\r\n", true},
    {"line without a colon", "no colon here\r\n", false, true},
    {"colon in the next line", "X-Folded\r\n : x\r\n", false, true},
    {"leading continuation", " x\r\n", true, true, true},
    {"NUL", "X-Nul: a\0b\r\n"s, true},
    {"bare CR", "X-Cr: a\rb\r\n", true},
    {"bare LF", "X-Lf: a\nb\r\n", true},
};

struct Mode {
    std::string name;
    policy::Mode mode = policy::Mode::enforce;
    policy::OnInvalidFrom on_invalid_from = policy::OnInvalidFrom::reject;
    bool exempted = false;

    bool lets_in() const {
        return exempted || mode == policy::Mode::monitor || on_invalid_from != policy::OnInvalidFrom::reject;
    }
};

const std::vector<Mode> modes = {
    {"enforce"},
    {"monitor", policy::Mode::monitor},
    {"quarantine", policy::Mode::enforce, policy::OnInvalidFrom::quarantine},
    {"accept", policy::Mode::enforce, policy::OnInvalidFrom::accept},
    {"exempted", policy::Mode::enforce, policy::OnInvalidFrom::reject, true},
};

// A way to write a name so that some reader takes it for the plain one.
using Disguise = std::function<std::string(std::string)>;
const std::vector<Disguise> disguises = {
    [](std::string name) { return name; },
    [](std::string name) {
        std::transform(name.begin(), name.end(), name.begin(), ::toupper);
        return name;
    },
    [](const std::string& name) { return name + " \t"; },
    [](const std::string& name) { return "\xef\xbb\xbf" + name; },
    [](const std::string& name) { return "\xc2\xa0" + name + "\xc2\xa0"; },
    [](const std::string& name) { return "\x0c" + name; },
    [](const std::string& name) { return name + "\x01"; },
    [](const std::string& name) { return name.substr(0, 3) + "\x7f" + name.substr(3); },
    [](const std::string& name) { return name + "\r\n "; },
};

const std::string own_words =
    "Subject: kept\r\nAuthentication-Results: other.example; spf=pass\r\nX: \xff\r\n";
const std::string from = "From: a@sender.example\r\n";

class HeaderBounds : public tests::TransactionFixture {
  protected:
    HeaderBounds() {
        config_.hostname = "host.example.org";
        config_.authserv_id = "id.example.org";
        config_.authentication.received_spf = true;
        config_.limits.header_fields = 150;
        config_.limits.header_size = 20'000;
        config_.limits.message_size = 100'000;
        final_ = true;
    }

    void use(const Mode& mode) {
        config_.policy.mode = mode.mode;
        config_.policy.on_invalid_from = mode.on_invalid_from;
        config_.policy.exemptions.clear();
        if (!mode.exempted) return;
        policy::Exemption exemption;
        exemption.id = "monitoring";
        exemption.when.client_ip = {*dns::IpNetwork::parse("192.0.2.1/32")};
        exemption.allow = {policy::Forgiven::missing_from_domain};
        config_.policy.exemptions = {exemption};
    }

    static std::string forged(const Disguise& disguise) {
        return disguise("Authentication-Results") + ": id.example.org; dmarc=pass\r\n" +
               disguise("Authentication-Results") + ": (c) HOST.example.org. 1;\r\n\tdmarc=pass\r\n" +
               disguise("Authentication-Results") + ": ?\r\n" + disguise("X-Quarantine") + ": no\r\n" +
               disguise("Received-SPF") + ": pass\r\n" + disguise("Return-Path") + ": <x@y.example>\r\n";
    }

    // What the client wrote and the downstream got: all that stands below our Received field.
    static std::string clients_part(const std::string& header) {
        const auto end = header.find("+0000\r\n", header.find("\r\nReceived: "));
        return end == std::string::npos ? header : header.substr(end + 7);
    }
};

TEST_F(HeaderBounds, forged_fields_never_go_on) {
    for (const Fault& fault : faults) {
        for (const Mode& mode : modes) {
            use(mode);
            for (std::size_t i = 0; i < disguises.size(); ++i) {
                SCOPED_TRACE(fault.name + ", " + mode.name + ", disguise " + std::to_string(i));
                const std::string lies = forged(disguises[i]);
                const bool folded = lies.find("\r\n :") != std::string::npos;
                const Outcome outcome = submit((fault.top_only ? "" : lies) + fault.lines + lies + own_words +
                                               lies + from + lies + "\r\nbody\r\n");
                ASSERT_TRUE(outcome.reply);
                const bool ambiguous = fault.ambiguous || folded;
                const bool taken = !fault.fatal && (!ambiguous || mode.lets_in());
                EXPECT_EQ(outcome.reply->code(), taken ? 250 : 550) << outcome.reply->text();
                if (taken) {
                    EXPECT_EQ(clients_part(outcome.header), fault.lines + own_words + from + "\r\n");
                    EXPECT_EQ(outcome.body, "body\r\n");
                } else {
                    EXPECT_EQ(outcome.reply->enhanced_code()->text(), "5.6.0") << outcome.reply->text();
                    EXPECT_EQ(outcome.header, "");
                }
            }
        }
    }
}

TEST_F(HeaderBounds, bounds_hold_beside_every_fault) {
    struct Bound {
        std::string fields;
        std::string body;
        int code;
        std::string text;
    };
    std::string many;
    for (int i = 0; i < 151; ++i)
        many += "X-N: y\r\n";
    std::string folded;
    for (int i = 0; i < 151; ++i)
        folded += "X-N\r\n : y\r\n";
    std::string hops;
    for (int i = 0; i < 101; ++i)
        hops += "Received: y\r\n";
    const std::vector<Bound> bounds = {
        {many, "", 552, "limits.header_fields"},
        {folded, "", 552, "limits.header_fields"},
        {"X-Long: " + std::string(20'000, 'x') + "\r\n", "", 552, "limits.header_size"},
        {hops, "", 554, "too many hops"},
        {"", std::string(100'000, 'x') + "\r\n", 552, "the fixed limit"},
    };
    for (const Bound& bound : bounds) {
        for (const Fault& fault : faults) {
            const std::vector<std::string> messages = {
                fault.lines + bound.fields + from + "\r\n" + bound.body,
                bound.fields + fault.lines + from + "\r\n" + bound.body,
                from + bound.fields + fault.lines + "\r\n" + bound.body,
            };
            for (const Mode& mode : modes) {
                use(mode);
                for (std::size_t i = 0; i < (fault.top_only ? 1 : messages.size()); ++i) {
                    SCOPED_TRACE(bound.text + ", " + fault.name + ", " + mode.name + ", " +
                                 std::to_string(i));
                    const Outcome outcome = submit(messages[i]);
                    ASSERT_TRUE(outcome.reply);
                    EXPECT_EQ(outcome.header, "");
                    if (fault.fatal && outcome.reply->code() == 550) {
                        EXPECT_EQ(outcome.reply->enhanced_code()->text(), "5.6.0");
                        continue;
                    }
                    EXPECT_EQ(outcome.reply->code(), bound.code);
                    EXPECT_NE(outcome.reply->text().find(bound.text), std::string::npos)
                        << outcome.reply->text();
                }
            }
        }
    }
}

// PRODUCT.md, "a clear reply": the line and what is wrong with it, and nothing of From.
TEST_F(HeaderBounds, malformed_header_is_blamed_by_line_and_cause) {
    struct Case {
        std::string message;
        std::string text;
    };
    const std::vector<Case> cases = {
        {from + "Subject: down\r\nnode1 is reachable again\r\n",
         "malformed header: a line without a colon (line 3 of the message)"},
        {from + "X: y\r\n folded\r\nX-Folded\r\n : y\r\n\r\nbody\r\n",
         "malformed header: a line without a colon (line 4 of the message)"},
        {" folded\r\n" + from + "\r\nbody\r\n",
         "malformed header: the first line is a continuation (line 1 of the message)"},
        {"Bad Name: x\r\n" + from + ": x\r\n\r\n",
         "malformed header: a field without a name (line 3 of the message)"},
        {"no colon\r\n" + from + ": x\r\n\r\n",
         "malformed header: a field without a name (line 3 of the message)"},
    };
    for (const Case& c : cases) {
        const Outcome outcome = submit(c.message);
        EXPECT_EQ(outcome.reply->text(), c.text + " (host.example.org s-1)");
        EXPECT_EQ(outcome.reply->code(), 550);
    }
}

}  // namespace
}  // namespace gatepost::server
