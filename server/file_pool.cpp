#include "server/file_pool.hpp"

#include "dns/fair_line.hpp"
#include "dns/fair_shares.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace gatepost::server {
namespace asio = boost::asio;
namespace {

class Operation {
  public:
    explicit Operation(const dns::Claim& own) : claim(own) {}
    virtual ~Operation() = default;
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    virtual void carry_out() = 0;

    const dns::Claim claim;
};

// What `Handler` goes on behind, on its own executor, which has work until then.
template <typename Handler>
class Awaited final : public Operation {
  public:
    Awaited(const dns::Claim& own, std::function<void()> work, Handler handler)
        : Operation(own),
          work_(std::move(work)),
          guard_(asio::make_work_guard(handler)),
          handler_(std::move(handler)) {}

    void carry_out() override {
        std::exception_ptr problem;
        try {
            work_();
        } catch (...) {
            problem = std::current_exception();
        }
        const auto executor = guard_.get_executor();
        auto go_on = [guard = std::move(guard_), handler = std::move(handler_), problem]() mutable {
            std::move(handler)(problem);
        };
        asio::post(executor, std::move(go_on));
    }

  private:
    std::function<void()> work_;
    asio::executor_work_guard<asio::associated_executor_t<Handler>> guard_;
    Handler handler_;
};

class Release final : public Operation {
  public:
    Release(const dns::Claim& own, std::shared_ptr<void> last) : Operation(own), last_(std::move(last)) {}
    void carry_out() override { last_.reset(); }

  private:
    std::shared_ptr<void> last_;
};

}  // namespace

struct FilePool::Impl {
    enum class State { open, ending, stopped };

    explicit Impl(unsigned count) : places(count) {
        for (unsigned i = 0; i < count; ++i)
            threads.emplace_back([this] { work(); });
    }
    // What still waits goes with it.
    ~Impl() {
        end(State::ending);
        while (std::unique_ptr<Operation> operation = waiting.empty() ? nullptr : take_out(waiting.first())) {
        }
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void enter(std::unique_ptr<Operation> operation) {
        const std::lock_guard lock(mutex);
        waiting.enter(*operation, operation->claim, false);
        operation.release();  // the line's
        changed.notify_one();
    }
    void end(State how) {
        {
            const std::lock_guard lock(mutex);
            if (state == State::open) state = how;
        }
        changed.notify_all();
        for (std::thread& thread : threads)
            if (thread.joinable()) thread.join();
    }

  private:
    std::unique_ptr<Operation> take_out(const dns::FairLine<Operation>::Place& place) {
        std::unique_ptr<Operation> operation(&place.waiter());
        waiting.serve(place);
        return operation;
    }
    bool is_over() const { return state == State::stopped || (state == State::ending && waiting.empty()); }
    void work() {
        std::unique_lock lock(mutex);
        while (!is_over()) {
            const auto next = waiting.first_within(shares, dns::FreePlaces(places, running));
            if (!next) {
                changed.wait(lock);
                continue;
            }
            std::unique_ptr<Operation> operation = take_out(*next);
            std::optional<dns::FairShares::Share> share(std::in_place, shares, operation->claim);
            ++running;
            changed.notify_one();  // there may be another one for another thread
            lock.unlock();
            operation->carry_out();
            operation.reset();
            lock.lock();
            --running;
            share.reset();
        }
        changed.notify_all();  // the others are over, too
    }

    const std::size_t places;
    std::mutex mutex;  // of what follows
    std::condition_variable changed;
    State state = State::open;
    dns::FairLine<Operation> waiting;  // which owns them
    dns::FairShares shares;
    std::size_t running = 0;
    std::vector<std::thread> threads;
};

FilePool::FilePool(unsigned threads) : impl_(std::make_unique<Impl>(threads)) {}

FilePool::~FilePool() = default;

void FilePool::stop() {
    impl_->end(Impl::State::stopped);
    // First there is no pool, then what waited goes: the sessions among it release() their files in place.
    const std::unique_ptr<Impl> stopped = std::move(impl_);
}

asio::awaitable<void> FilePool::run(dns::Claim claim, std::function<void()> work) {
    auto enter = [this, claim](auto handler, std::function<void()> own_work) {
        using Handler = decltype(handler);
        impl_->enter(std::make_unique<Awaited<Handler>>(claim, std::move(own_work), std::move(handler)));
    };
    asio::use_awaitable_t<> token;
    return asio::async_initiate<asio::use_awaitable_t<>, void(std::exception_ptr)>(std::move(enter), token,
                                                                                   std::move(work));
}

void FilePool::release(const dns::Claim& claim, std::shared_ptr<void> last) noexcept {
    if (!impl_ || !last) return;
    try {
        impl_->enter(std::make_unique<Release>(claim, std::move(last)));
    } catch (const std::bad_alloc&) {
        return;  // in place, with `last`
    }
}

}  // namespace gatepost::server
