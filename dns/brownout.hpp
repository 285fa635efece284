// Whether our own resolver is in trouble, told from the troubles of other people's zones. Two things speak
// for it: lookups of our own that nobody answers, or many zones that used to answer and do not any more,
// while few others do. A pure state machine; the clock is handed in.
//
// Which zones we ask about, senders choose. So a zone that fails counts only for a network that asked about
// it and speaks for no other zone yet: whoever sends from one network is one voice, whatever number of zones
// he lets die, and five at least have to say the same. Where lookups of our own fail as well, by a reply that
// says so, the networks need not be many. What fails beyond that is told as a warning, and changes nothing.
// Zones that never answered count for nothing, so that dead ones, of which anybody has any number, cannot do
// it; a zone counts once, and so does everything below two labels.
#pragma once

#include "dns/answer.hpp"
#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace gatepost::dns {

using TimePoint = std::chrono::steady_clock::time_point;

// What an answer tells of the server that was asked: it replied, with whatever, or it is silent. nullopt:
// nothing, as nobody was asked, or the asker gave up.
std::optional<bool> tells_of_reply(const Answer& answer);

struct BrownoutState {
    enum class Cause { none, server_away, many_zones };
    bool active = false;
    Cause cause = Cause::none;    // of the state that is active, or was last
    TimePoint since;              // active: when it began
    std::size_t failing = 0;      // zones that answered earlier and failed in the last minute, one a network
    std::size_t all_failing = 0;  // the same, however few the networks are that asked about them
    std::size_t answering = 0;    // zones that answered in the last minute
    std::uint64_t begun = 0;      // how often it began
    // Zones fail that few networks chose: theirs to mend, and no trouble of ours.
    bool strangers_zones_fail = false;
    std::uint64_t strangers_begun = 0;  // how often that began
};

std::string_view to_string(BrownoutState::Cause cause);

// One thread at a time.
class BrownoutDetector {
  public:
    // How a question to our servers ended. Says nothing where the asker gave up. `client`: whose mail asked
    // it; null: our own, which is one voice, too.
    void note(const DomainName& name, const Answer& answer, TimePoint now, const IpAddress* client = nullptr);
    // How a round of lookups of our own ended, of names that a working resolver can say something about:
    // whether any reply came at all. To be told every few seconds. Before the first reply of all, silence is
    // no brownout: nothing is known that could be absent or stale.
    void note_own(bool replied, TimePoint now);
    // Whether names of our own, or the root, fail although a server replies.
    void note_own_names(bool fail) { own_names_fail_ = fail; }
    // Looks at the state again: it also ends by the mere lapse of time.
    void update(TimePoint now);

    const BrownoutState& state() const { return state_; }

  private:
    struct Zone {
        DomainName name;
        TimePoint answered;
        std::optional<TimePoint> failed = std::nullopt;  // since it answered
        std::vector<IpAddress> networks = {};            // that met its failure; a few
    };
    using Zones = std::list<Zone>;
    struct Counts {
        std::size_t failing = 0;
        std::size_t all_failing = 0;
        std::size_t answering = 0;
    };

    void note_answered(DomainName zone, TimePoint now);
    Counts count(TimePoint now, std::chrono::seconds window) const;
    BrownoutState::Cause cause_to_begin(TimePoint now) const;
    bool may_end(TimePoint now) const;

    Zones recent_;  // that answered once; the one heard of last is the first
    std::map<DomainName, Zones::iterator> zones_;
    bool has_replied_ = false;
    std::optional<TimePoint> silent_since_;  // lookups of our own, and everybody's, are without reply
    std::size_t silent_rounds_ = 0;
    bool own_names_fail_ = false;
    TimePoint last_failure_;
    TimePoint looked_;
    std::optional<TimePoint> calm_since_;
    BrownoutState state_;
};

// The one of all workers. Any thread.
class Brownout {
  public:
    void note(const DomainName& name, const Answer& answer, TimePoint now, const IpAddress* client = nullptr);
    // `names_fail`: see BrownoutDetector::note_own_names.
    void note_own(bool replied, TimePoint now, bool names_fail = false);
    BrownoutState state() const;
    bool active() const { return active_.load(std::memory_order_relaxed); }

  private:
    mutable std::mutex mutex_;
    BrownoutDetector detector_;
    std::atomic<bool> active_{false};
};

}  // namespace gatepost::dns
