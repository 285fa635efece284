#include "dns/brownout.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatepost::dns {
namespace {

using Cause = BrownoutState::Cause;
using std::chrono::milliseconds;
using std::chrono::seconds;

Answer answered() {
    Answer answer;
    answer.outcome = Outcome::nx_domain;  // an absence is an answer, too
    return answer;
}

Answer failed(Trouble trouble) {
    Answer answer;
    answer.trouble = trouble;
    return answer;
}

// One step of a story: at a time, so many zones of a kind end so, or our own lookups do.
struct Step {
    int at;  // seconds
    enum Kind { answer, fail, silent, give_up, own_replied, own_silent, own_fails, look } kind = look;
    std::string zones = {};  // "good" makes good0.example, good1.example …; "a.evil" makes 0.a.evil …
    int count = 0;
    bool active = false;  // afterwards
    Cause cause = Cause::none;
    int networks = 1000;     // whose mail asks, one after the other
    bool strangers = false;  // afterwards: a warning of zones that few networks chose
};

struct Story {
    std::string_view what;
    std::vector<Step> steps;
};

DomainName zone_name(const std::string& zones, int number) {
    const std::string text = zones.find('.') == std::string::npos
                                 ? "mail." + zones + std::to_string(number) + ".example"
                                 : std::to_string(number) + "." + zones;
    return DomainName::parse(text).value();
}

void take(BrownoutDetector& detector, const Step& step) {
    const TimePoint now = TimePoint(std::chrono::hours(1)) + seconds(step.at);
    for (int i = 0; i < step.count; ++i) {
        const DomainName name = zone_name(step.zones, i);
        const int network = i % step.networks;
        const IpAddress client = IpAddress::v4(
            {10, static_cast<std::uint8_t>(network / 256), static_cast<std::uint8_t>(network), 1});
        if (step.kind == Step::answer) detector.note(name, answered(), now, &client);
        if (step.kind == Step::fail) detector.note(name, failed(Trouble::server_failure), now, &client);
        if (step.kind == Step::silent) detector.note(name, failed(Trouble::timeout), now, &client);
        if (step.kind == Step::give_up) detector.note(name, failed(Trouble::cancelled), now, &client);
    }
    if (step.kind == Step::own_replied || step.kind == Step::own_fails)
        detector.note_own_names(step.kind == Step::own_fails);
    if (step.kind == Step::own_fails) detector.note_own(true, now);
    if (step.kind == Step::own_replied) detector.note_own(true, now);
    if (step.kind == Step::own_silent) detector.note_own(false, now);
    detector.update(now);
}

const std::vector<Story> stories = {
    {"our server is away: our own lookups are silent, and so is everything else",
     {{0, Step::answer, "good", 3},
      {60, Step::own_silent},
      {61, Step::silent, "good", 1},
      {62, Step::own_silent},
      {63, Step::own_silent, "", 0, true, Cause::server_away},
      {90, Step::own_silent, "", 0, true, Cause::server_away},
      {91, Step::own_replied, "", 0, true, Cause::server_away},
      {93, Step::look, "", 0, true, Cause::server_away},
      {94, Step::look, "", 0, false, Cause::server_away}}},
    {"a server that never replied: nothing is known that could be absent",
     {{0, Step::own_silent}, {5, Step::own_silent}, {10, Step::silent, "good", 9}, {15, Step::own_silent}}},
    {"one lost packet of ours is nothing",
     {{0, Step::own_replied}, {1, Step::own_silent}, {3, Step::own_replied}, {4, Step::own_silent}}},
    {"our own names alone are silent: other questions are answered",
     {{0, Step::own_replied},
      {1, Step::own_silent},
      {4, Step::answer, "good", 1},
      {5, Step::own_silent},
      {6, Step::fail, "good", 1},
      {10, Step::own_silent}}},
    {"the line behind our resolver is cut: zones that answered fail, few are left in its cache",
     {{0, Step::answer, "good", 20},
      {70, Step::answer, "cached", 4},
      {75, Step::fail, "good", 8},
      {76, Step::fail, "good", 9, true, Cause::many_zones},
      {100, Step::silent, "good", 20, true, Cause::many_zones},
      {105, Step::own_replied, "", 0, true, Cause::many_zones},
      {111, Step::look, "", 0, true, Cause::many_zones},
      {120, Step::answer, "good", 5, true, Cause::many_zones},
      {123, Step::look, "", 0, false, Cause::many_zones},
      // What failed before is not held against it once more.
      {124, Step::fail, "good", 4, false, Cause::many_zones}}},
    {"it ends by itself where nobody asks any more",
     {{0, Step::answer, "good", 20},
      {70, Step::fail, "good", 20, true, Cause::many_zones},
      {129, Step::look, "", 0, true, Cause::many_zones},
      {130, Step::look, "", 0, true, Cause::many_zones},
      {133, Step::look, "", 0, false, Cause::many_zones}}},
    {"dead zones that a sender thought of, thousands of them",
     {{0, Step::answer, "good", 2}, {5, Step::fail, "evil", 5000}, {6, Step::silent, "evil", 5000}}},
    {"the many names of one zone",
     {{0, Step::answer, "evil.example", 100}, {70, Step::fail, "evil.example", 100}}},
    {"zones that answered once and were then let die, while honest mail goes on",
     {{0, Step::answer, "evil", 40}, {70, Step::answer, "good", 20}, {80, Step::fail, "evil", 40}}},
    {"on a quiet server such zones of many networks do it",
     {{0, Step::answer, "evil", 40}, {80, Step::fail, "evil", 40, true, Cause::many_zones}}},
    {"twenty zones of a stranger, or of four: a warning, which ends with them",
     {{0, Step::answer, "evil", 20},
      {80, Step::fail, "evil", 20, false, Cause::none, 1, true},
      {85, Step::fail, "evil", 20, false, Cause::none, 4, true},
      {86, Step::own_replied, "", 0, false, Cause::none, 1, true},
      {150, Step::look}}},
    {"five networks say the same, whatever a stranger adds",
     {{0, Step::answer, "good", 5},
      {0, Step::answer, "evil", 20},
      {80, Step::fail, "evil", 20, false, Cause::none, 1, true},
      {81, Step::fail, "good", 3, false, Cause::none, 1000, true},
      {82, Step::fail, "good", 5, true, Cause::many_zones}}},
    {"few networks, but our own names fail as well",
     {{0, Step::answer, "good", 6},
      {80, Step::fail, "good", 6, false, Cause::none, 2, true},
      {81, Step::own_fails, "", 0, true, Cause::many_zones}}},
    {"a stranger does not make it last: what answers counts more than his one voice",
     {{0, Step::answer, "good", 20},
      {70, Step::fail, "good", 20, true, Cause::many_zones},
      {80, Step::answer, "good", 5, true, Cause::many_zones},
      {81, Step::answer, "evil", 20, true, Cause::many_zones},
      {92, Step::fail, "evil", 20, true, Cause::many_zones, 1},
      {93, Step::answer, "good", 5, true, Cause::many_zones},
      {97, Step::fail, "evil", 20, false, Cause::many_zones, 1, true}}},
    {"fewer than five", {{0, Step::answer, "good", 4}, {70, Step::fail, "good", 4}}},
    {"five, one after the other, more than a minute apart",
     {{0, Step::answer, "good", 5},
      {70, Step::fail, "good", 4},
      {131, Step::fail, "other", 1},
      {132, Step::answer, "good", 0}}},
    {"askers who gave up say nothing", {{0, Step::answer, "good", 20}, {70, Step::give_up, "good", 20}}},
    {"a zone that answers again is well",
     {{0, Step::answer, "good", 6},
      {70, Step::fail, "good", 4},
      {71, Step::answer, "good", 4},
      {72, Step::fail, "good", 4}}},
};

TEST(Brownout, begins_and_ends_as_it_should) {
    for (const Story& story : stories) {
        BrownoutDetector detector;
        for (const Step& step : story.steps) {
            take(detector, step);
            EXPECT_EQ(detector.state().active, step.active) << story.what << ", at " << step.at;
            EXPECT_EQ(detector.state().cause, step.cause) << story.what << ", at " << step.at;
            EXPECT_EQ(detector.state().strangers_zones_fail, step.strangers)
                << story.what << ", at " << step.at;
        }
    }
}

// More zones than are remembered: those heard of last are, and the work of each step stays small.
TEST(Brownout, remembers_a_bounded_number_of_zones) {
    BrownoutDetector detector;
    const TimePoint start(std::chrono::hours(1));
    for (int i = 0; i < 20'000; ++i)
        detector.note(zone_name("zone", i), answered(), start + milliseconds(i));
    detector.update(start + seconds(20));
    EXPECT_EQ(detector.state().answering, 4096U);
    for (int i = 0; i < 20'000; ++i) {
        const IpAddress client =
            IpAddress::v4({10, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i), 1});
        detector.note(zone_name("zone", i), failed(Trouble::timeout), start + seconds(100) + milliseconds(i),
                      &client);
    }
    detector.update(start + seconds(121));
    EXPECT_EQ(detector.state().failing, 4096U);
    EXPECT_TRUE(detector.state().active);
    EXPECT_EQ(detector.state().begun, 1U);
}

}  // namespace
}  // namespace gatepost::dns
