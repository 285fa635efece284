// What a question to the DNS ended in. Absence has two kinds (RFC 2308 §2): the name has no such record, or
// the name does not exist; trouble is neither, and no caller may take it for an absence.
#pragma once

#include "dns/record.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace gatepost::dns {

enum class Outcome {
    success,     // at least one record
    no_data,     // NOERROR without a record of the type: the name exists
    nx_domain,   // NXDOMAIN: neither the name nor anything below it exists (RFC 8020)
    temp_error,  // neither: `trouble` says what kind, `detail` why
};

// What kind of trouble a temp_error is. Where servers differ, the first of these that any of them gave: what
// a server said tells more than its silence.
enum class Trouble {
    server_failure,  // SERVFAIL, or another RCODE that is no answer (RFC 1035 §4.1.1)
    refused,         // REFUSED
    malformed,       // replies that break the format, contradict themselves, or chains without end
    forged,          // only replies that did not match the question (RFC 5452 §9.3)
    timeout,         // silence
    unreachable,     // the network or TLS said no: nothing listens, no route, a wrong certificate
    // The question was not asked, or not waited for: these say nothing of its name.
    cancelled,      // the asker went away
    message_spent,  // the message's own records wanted more than a message may cost: so at each retry, too
    time_spent,     // the message's time was over; what it has learned by then is cached for its retry
    client_spent,   // its client's share of waiting, of open questions or of one zone's questions is used up
    no_place,       // every socket that the resolver may have is in use
    unspecified,    // anything else, such as no server configured
};
// The enumerator's name.
std::string_view to_string(Trouble trouble);

// Values that readers derived from an answer (its records parsed, their keys loaded) and keep beside it: they
// ride with the cache's entry and die with it, so that no other cache with TTLs of its own is needed. Each is
// set once, then never changed; the one part of a shared answer that may be set, from any thread, without a
// lock. One value a type: a domain that names its DMARC record in its SPF record has neither parsed anew at
// each message.
class DerivedValues {
  public:
    static constexpr std::size_t max_kinds = 3;  // SPF, DMARC and key records; a further one is not kept

    DerivedValues() = default;
    // A copied answer may be changed before it is shared, so it derives anew.
    DerivedValues(const DerivedValues&) noexcept {}
    DerivedValues& operator=(const DerivedValues&) noexcept {
        drop();
        return *this;
    }
    ~DerivedValues() { drop(); }

    // Null where none of this type is kept.
    template <typename T>
    std::shared_ptr<const T> get() const {
        for (const Kept* kept = newest_.load(std::memory_order_acquire); kept; kept = kept->older)
            if (*kept->type == typeid(T)) return std::static_pointer_cast<const T>(kept->value);
        return nullptr;
    }

    // Gives the value of this type that is kept from now on: `value`, or what another reader kept first.
    // Where there is no room, `value` itself, and it is not kept.
    template <typename T>
    std::shared_ptr<const T> keep(std::shared_ptr<const T> value) const {
        auto own = std::make_unique<Kept>(&typeid(T), value);
        own->older = newest_.load(std::memory_order_acquire);
        do {
            if (std::shared_ptr<const T> first = get<T>()) return first;
            if (own->older && own->older->number == max_kinds) return value;
            own->number = own->older ? own->older->number + 1 : 1;
        } while (!newest_.compare_exchange_weak(own->older, own.get(), std::memory_order_acq_rel,
                                                std::memory_order_acquire));
        (void)own.release();  // the list's now
        return value;
    }

  private:
    struct Kept {
        Kept(const std::type_info* of, std::shared_ptr<const void> what) : type(of), value(std::move(what)) {}
        const std::type_info* type;
        std::shared_ptr<const void> value;
        const Kept* older = nullptr;
        std::size_t number = 1;
    };

    void drop() {
        const Kept* kept = newest_.exchange(nullptr, std::memory_order_acq_rel);
        while (kept)
            delete std::exchange(kept, kept->older);
    }

    mutable std::atomic<const Kept*> newest_{nullptr};
};

struct Answer {
    Outcome outcome = Outcome::temp_error;
    std::vector<RecordData> records;  // the whole RRset, at the end of any CNAME chain
    std::chrono::seconds ttl{0};      // the smallest of the chain; of an absence, by its SOA (RFC 2308 §5)
    bool authentic_data = false;
    bool aliased =
        false;            // a CNAME or DNAME led away from the name asked for: the outcome is of another name
    bool stale = false;   // past its time to live, used while the DNS is in trouble (RFC 8767)
    std::string detail;   // for people, strangers among them: why it is temp_error
    std::string servers;  // for the operator alone: the same with the server that said so
    Trouble trouble = Trouble::unspecified;  // of a temp_error; of other outcomes it says nothing
    DerivedValues derived;

    bool found() const { return outcome == Outcome::success; }
    bool failed() const { return outcome == Outcome::temp_error; }
    // What its message asked for is read as absent: the message has had its whole share.
    bool is_message_spent() const { return failed() && trouble == Trouble::message_spent; }
    // The sender, or a crowd of them, may have brought this about: no message is accepted for it.
    bool is_put_off() const {
        return failed() && (trouble == Trouble::time_spent || trouble == Trouble::client_spent ||
                            trouble == Trouble::no_place);
    }
};

// Answers are shared with the cache and never changed.
using AnswerPtr = std::shared_ptr<const Answer>;

// A question that failed. `detail` says for people why; `servers` the same with who said so, empty: nobody.
AnswerPtr failed_answer(Trouble trouble, std::string detail, std::string servers = {});

// What `make(answer)` gives, a T, made once for each answer as long as there is room for its kind. Two
// threads that are the first may both call `make`; both get the same value. Never throws where `make` does
// not.
template <typename T, typename Make>
std::shared_ptr<const T> derive(const Answer& answer, Make make) {
    if (std::shared_ptr<const T> kept = answer.derived.get<T>()) return kept;
    return answer.derived.keep<T>(std::make_shared<const T>(make(answer)));
}

}  // namespace gatepost::dns
