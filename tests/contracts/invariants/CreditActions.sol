// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetTerms} from "../../../contracts/interfaces/IBudgets.sol";
import {Rates} from "../../../contracts/interfaces/ITariff.sol";
import {Periods} from "../../../contracts/libraries/Periods.sol";
import {LedgerFixture} from "../support/LedgerFixture.sol";

/// @title What people do to a network at random: grant, move, limit, vote on prices, let time pass
/// @dev Actions draw from their arguments such that every one of them succeeds. Time is kept here, since each action comes
/// as a transaction of its own.
abstract contract CreditActions is LedgerFixture {
    uint256 internal constant GENERAL = 1;
    bytes32 private constant INDEX_CLASS = "class";

    uint32[] internal _accounts;
    uint32[] internal _meters;
    uint16[] internal _resources;
    uint256 internal _nowS;
    uint64 private _latestVoteMs;

    /// @notice Credits ever granted, all kinds together, in ucr.
    uint256 public grantedUcr;

    /// @dev The action happens at the network's time.
    modifier atItsTime() {
        toNow();
        _;
    }

    /// @notice A registrar has granted general or plan credits.
    function grantCredits(uint256 seed, uint64 amountUcr) external atItsTime {
        uint32 to = _accounts[seed % _accounts.length];
        // A plan balance has 64 bits, and takes all of a run.
        uint256 amount = uint256(amountUcr >> 8) + 1;
        uint256 id = (seed >> 128) % 2 == 0 ? GENERAL : (1 << 32) + uint256(to);
        VM.prank(REGISTRAR);
        budgets.grant(to, id, amount, 0);
        grantedUcr += amount;
    }

    /// @notice A controller has moved credits inside an organisation, if there were any to move.
    function moveCredits(uint256 seed, uint64 amountUcr) external atItsTime {
        uint32 from = _accounts[seed % _accounts.length];
        uint32 to = _accounts[(seed >> 64) % _accounts.length];
        uint256 heldUcr = credits.balanceOfAccount(from, GENERAL);
        bool isInside = registry.organisationOf(from) == registry.organisationOf(to);
        if (from == to || !isInside || heldUcr == 0) return;
        VM.prank(CONTROLLER);
        budgets.transfer(from, to, GENERAL, amountUcr % heldUcr + 1, 0);
    }

    /// @notice A registrar has set some budget.
    function limitSpending(uint256 seed, uint64 limitUcr) external atItsTime {
        Periods.Kind kind = Periods.Kind((seed >> 8) % 4);
        uint64 lengthS = kind == Periods.Kind.Fixed ? uint64(seed >> 16) % 1e7 + 1 : 0;
        BudgetTerms memory terms = BudgetTerms({
            hasLimit: (seed >> 200) % 4 != 0,
            limitUcr: limitUcr >> 5,
            periodKind: kind,
            periodLengthS: lengthS,
            softPpm: uint32((seed >> 128) % 1_000_001),
            carryPpm: uint32((seed >> 160) % 1_000_001),
            rateUcr: 0,
            rateWindowS: 0
        });
        VM.prank(REGISTRAR);
        budgets.setBudget(_accounts[seed % _accounts.length], terms);
    }

    /// @notice New rates are in force for one resource, or a new index for all.
    function voteOnPrices(uint256 seed, uint32 amount) external atItsTime {
        uint64 leadMs = uint64(TARIFF_LEAD_S * 1000);
        uint64 fromMs = uint64(_nowS * 1000) + leadMs + uint64(seed % 1e7);
        if (fromMs < _latestVoteMs) fromMs = _latestVoteMs;
        _latestVoteMs = fromMs;
        if ((seed >> 128) % 2 == 0) {
            tariff.setIndex(INDEX_CLASS, 1000 + amount % 1e9, fromMs);
        } else {
            setRate(_resources[seed % _resources.length], amount % 1e6, fromMs);
        }
        _nowS = fromMs / 1000 + 1;
    }

    /// @notice Some time has passed, up to half a year.
    function passTime(uint24 pauseS) external {
        _nowS += pauseS;
    }

    /// @notice The block's time is the network's.
    function toNow() public {
        VM.warp(_nowS);
        VM.roll(1000);
    }

    /// @notice Every account there is.
    function accounts() external view returns (uint32[] memory) {
        return _accounts;
    }

    /// @notice Every meter there is.
    function meters() external view returns (uint32[] memory) {
        return _meters;
    }

    /// @dev Two organisations, seven accounts to be billed at all depths, three meters, two resources.
    function deployWorld() internal {
        deployNetwork(4);
        uint32 globex = organisation("globex");
        uint32 unit = account(globex, "unit");
        uint32 deep = account(project, "deep");
        uint32 beside = account(team, "beside");
        _accounts = [acme, team, project, deep, beside, globex, unit];
        _meters.push(meter);
        for (uint256 i = 1; i < 3; ++i) {
            VM.prank(CONTROLLER);
            _meters.push(
                registry.registerMeter(
                    acme, string.concat("m", VM.toString(i)), bytes32(i), address(0), bounds()
                )
            );
        }
        _resources = [resource, registry.registerResource("b", 1, 1, INDEX_CLASS, bounds(), 0)];
        for (uint256 i = 0; i < _resources.length; ++i) {
            setRate(_resources[i], 100_000, 0);
        }
        _nowS = block.timestamp;
    }

    function setRate(uint16 which, uint32 weight, uint64 fromMs) internal {
        uint16[] memory ids = new uint16[](1);
        ids[0] = which;
        Rates[] memory rates = new Rates[](1);
        rates[0] = tokenRates(weight);
        tariff.setRates(ids, rates, fromMs);
    }
}
