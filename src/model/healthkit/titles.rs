//! Activities by the titles that people see, in the languages of their phones.

/// Words of a title that say where, without spaces: before or behind the activity's name.
const PLACES: &str = "outdoor indoor pool openwater imfreien draußen inderhalle enextérieur extérieur enintérieur \
    intérieur ensalle \
    alairelibre enexterior enexteriores exterior eninterior eninteriores interior aoarlivre externo interno interna \
    allaperto alcoperto buiten binnen utomhus inomhus 户外 室内 戶外 室內 屋外 실외 실내 室外 屋内 泳池 開放水域 \
    公开水域 プール オープンウォーター 수영장 야외 오픈워터 enpiscine eneaulibre àlintérieur àlextérieur dintérieur \
    enpiscina enaguasabiertas empiscina napiscina emáguasabertas inpiscina inacquelibere imbecken imfreiwasser \
    inhetzwembad ibassäng ibassenget ibassin udendørs indendørs utendørs innendørs ulko sisä ulkona sisällä allas \
    avovesi venku uvnitř venkovní vbazénu nazewnątrz wpomieszczeniu nabasenie wbasenie наулице наоткрытомвоздухе \
    впомещении вбассейне воткрытойводе навулиці надворі простонеба уприміщенні вприміщенні убасейні вбасейні \
    açıkhavada açıkhava kapalıalanda kapalımekanda kapalıalan içmekanda dışmekanda içmekan dışmekan havuzda havuz \
    açıksuda فيالهواءالطلق فيالأماكنالمغلقة داخلالمباني فيالمسبح فيالداخل فيالخارج בחוץ בפנים בבריכה במיםפתוחים \
    בחללסגור בשטחפתוח σεεξωτερικόχώρο σεεσωτερικόχώρο εξωτερικούχώρου εσωτερικούχώρου σεπισίνα szabadtéri kültéri \
    beltéri medencés nyíltvízi înaerliber îninterior înexterior lainterior însală înbazin lapiscină ngoàitrời \
    trongnhà trongbểbơi กลางแจง ในรม ในสระ 在室內 在室内 enpleinair";

/// Titles of each activity without places, spaces and signs, in lower case, besides the names of HealthKit. A title that may
/// be more than one activity is not here.
const TITLES: [(u16, &str); 56] = [
    // American football.
    (
        1,
        "fútbolamericano futebolamericano footballamericano footballaméricain американскийфутбол amerikanfutbolu \
         كرةالقدمالأمريكية fotbalamerican อเมริกันฟุตบอล アメリカンフットボール 미식축구 美式橄榄球 美式足球",
    ),
    // Archery.
    (2, "bogenschießen tiroconarco tiràlarc okçuluk íjászat 射箭 アーチェリー 양궁"),
    // Badminton.
    (4, "sulkapallo бадминтон бадмінтон แบดมินตัน cầulông 羽毛球 羽球 バドミントン 배드민턴"),
    // Baseball.
    (5, "béisbol бейсбол 棒球 野球 야구"),
    // Basketball.
    (
        6,
        "baloncesto basquete basquetebol pallacanestro basket basketbal koripallo koszykówka баскетбол basketbol كرةالسلة \
         μπάσκετ כדורסל kosárlabda baschet บาสเกตบอล bóngrổ 篮球 籃球 バスケットボール 농구",
    ),
    // Boxing.
    (
        8,
        "boxen boxe boxeo pugilato boksen boxning boksning boksing nyrkkeily boks бокс الملاكمة ملاكمة πυγμαχία אגרוף \
         ökölvívás boksz ชกมวย quyềnanh 拳击 拳擊 ボクシング 복싱 권투",
    ),
    // Climbing.
    (
        9,
        "klettern escalade escalada arrampicata klimmen klättring klatring kiipeily lezení wspinaczka скалолазание \
         скелелазіння tırmanma tırmanış التسلق تسلق αναρρίχηση טיפוס mászás escaladă cățărare 攀岩 クライミング 클라이밍 \
         암벽등반",
    ),
    // Cycling.
    (
        13,
        "cycle bike radfahren vélo cyclisme ciclismo bicicleta fietsen cykling sykling велосипед サイクリング 骑行 單車 \
         单车 騎車 骑车 사이클링 bisiklet bisikletsürme ركوبالدراجة ركوبالدراجات cyklistika jízdanakole pyöräily \
         ποδηλασία ποδήλατο רכיבהעלאופניים אופניים kerékpározás biciklizés їзданавелосипеді велоспорт езданавелосипеде \
         ciclism ปันจักรยาน การปันจักรยาน ขีจักรยาน đạpxe bersepeda ciclisme bici bicicletta jazdanarowerze kolarstwo \
         騎行 自転車 자전거 자전거타기 사이클 spinning vožnjabicikla",
    ),
    // Dance.
    (
        14,
        "dance tanzen danse baile dança danza dansen ダンス dans الرقص رقص tanec tanssi χορός ריקוד ריקודים מחול tánc \
         танці танцы танец เตนรำ การเตนรำ เตน khiêuvũ taniec 舞蹈 跳舞 댄스 춤 ples",
    ),
    // Elliptical.
    (
        16,
        "crosstrainer ellipsentrainer elliptique elíptica elíptico ellittica エリプティカル 椭圆机 eliptik \
         эллиптическийтренажер эллиптическийтренажёр eliptickýtrenažér orbitrek 橢圓機 elliptikustréner",
    ),
    // Equestrian sports.
    (
        17,
        "equestrian reiten équitation equitación equitazione equitação paardrijden ridning ratsastus jezdectví \
         jeździectwo верховаяезда конныйспорт binicilik ιππασία lovaglás călărie echitație 马术 馬術 乗馬 승마",
    ),
    // Fencing.
    (
        18,
        "escrime fechten esgrima scherma schermen fäktning fægtning šerm фехтование фехтування eskrim المبارزة ξιφασκία \
         vívás scrimă 击剑 擊劍 フェンシング 펜싱",
    ),
    // Fishing.
    (
        19,
        "pêche angeln pesca vissen fiske fiskeri kalastus rybaření рыбалка صيدالأسماك ψάρεμα horgászat pescuit câucá 钓鱼 \
         釣魚 釣り 낚시 риболовля",
    ),
    // Functional strength training.
    (
        20,
        "funktionaleskrafttraining musculationfonctionnelle entrenamientodefuerzafuncional entrenamientofuncionaldefuerza \
         allenamentofunzionaledellaforza functionelekrachttraining 機能的筋力トレーニング 功能性力量训练 \
         entraînementfonctionneldeforce treinamentodeforçafuncional treinamentofuncionaldeforça treinodeforçafuncional \
         funktionellstyrketräning funkcjonalnytreningsiłowy функциональнаясиловаятренировка fonksiyonelgüçantrenmanı \
         功能性肌力訓練",
    ),
    // Golf.
    (21, "гольф الغولف الجولف γκολφ גולף กอลฟ 高尔夫 高爾夫 高尔夫球 高爾夫球 ゴルフ 골프"),
    // Gymnastics.
    (
        22,
        "gymnastique turnen gimnasia ginnastica gymnastik гимнастика гімнастика jimnastik الجمباز gimnastică 体操 體操 \
         체조",
    ),
    // Handball.
    (23, "kézilabda handbal håndbold håndball handboll гандбол 핸드볼 ハンドボール 手球"),
    // Hiking.
    (
        24,
        "hike wandern randonnée senderismo trilha escursionismo vandring ハイキング 徒步 徒步旅行 健行 doğayürüyüşü \
         turistika pěšíturistika vaellus patikointi πεζοπορία טיולרגלי túrázás похід пішийтуризм поход пешийтуризм \
         пешиепоходы drumeție drumeții เดินปา การเดินปา đibộđườngdài hiken vandretur fottur wędrówka turystykapiesza \
         planinarenje senderisme 하이킹 randonnéepédestre",
    ),
    // Hockey.
    (25, "хоккей хокей"),
    // Hunting.
    (26, "chasse jagen caza caccia jakt metsästys охота κυνήγι vadászat vânătoare 打猎 狩獵 狩猟 사냥 полювання"),
    // Martial arts.
    (
        28,
        "artsmartiaux kampfsport artesmarciales artesmarciais artimarziali vechtsport vechtsporten kampsport \
         боевыеискусства 武术 武術 格闘技",
    ),
    // Mind and body.
    (29, "mindbody"),
    // Paddle sports.
    (31, "paddling"),
    // Preparation and recovery.
    (33, "preparationrecovery"),
    // Rowing.
    (
        35,
        "row rower rudern aviron rameur remo canottaggio roeien rodd ローイング 划船 kürek kürekçekme التجديف تجديف \
         veslování veslovanie soutu κωπηλασία חתירה evezés веслування гребля canotaj vâslit roning roing wioślarstwo \
         wiosłowanie 로잉 veslanje",
    ),
    // Rugby.
    (36, "регби регбі ラグビー 럭비"),
    // Running.
    (
        37,
        "run laufen courseàpied courseensalle courseenextérieur courseenintérieur correr carrera corrida corsa hardlopen \
         löpning löpträning løb løping bieganie bieg бег ランニング 跑步 달리기 koşu الجري جري الركض ركض běh beh juoksu \
         alergare alergat futás τρέξιμο ריצה біг วิง การวิง chạy chạybộ lari berlari trčanje córrer 러닝 jogging \
         ジョギング 慢跑",
    ),
    // Sailing.
    (
        38,
        "voile segeln vela zeilen segling sejlads seiling purjehdus żeglarstwo yelken الإبحار ιστιοπλοΐα vitorlázás 帆船 \
         セーリング",
    ),
    // Skating sports.
    (39, "skating patinage patinaje pattinaggio schaatsen skridskoåkning luistelu eislaufen 滑冰"),
    // Soccer.
    (
        41,
        "fußball fútbol futebol calcio voetbal fotboll fodbold fotball jalkapallo fotbal piłkanożna футбол futbol \
         كرةالقدم ποδόσφαιρο כדורגל labdarúgás foci ฟุตบอล bóngđá 足球 サッカー 축구 nogomet",
    ),
    // Stair climbing.
    (44, "stairstepper stairclimber treppensteigen"),
    // Surfing sports.
    (45, "surf surfing surfen 冲浪 衝浪 サーフィン 서핑"),
    // Swimming.
    (
        46,
        "swim schwimmen natation natación natação nuoto zwemmen simning svømning svømming pływanie плавание 水泳 \
         スイミング 游泳 泳池游泳 开放水域游泳 수영 yüzme السباحة سباحة plavání plávanie uinti κολύμβηση κολύμπι שחייה \
         שחיה úszás плавання înot วายนำ การวายนำ bơi bơilội renang berenang plivanje natació beckenschwimmen \
         freiwasserschwimmen 開放水域游泳 公开水域游泳 nage",
    ),
    // Table tennis.
    (
        47,
        "tischtennis tennisdetable tenisdemesa tênisdemesa ténisdemesa tennistavolo tafeltennis bordtennis pöytätennis \
         stolnítenis tenisstołowy настольныйтеннис настільнийтеніс masatenisi تنسالطاولة טניסשולחן asztalitenisz \
         tenisdemasă ปิงปอง เทเบิลเทนนิส bóngbàn 乒乓球 卓球 탁구 pingpong",
    ),
    // Tennis.
    (48, "tenis tênis ténis التنس تنس τένις טניס tenisz теннис теніс เทนนิส quầnvợt 网球 網球 テニス 테니스"),
    // Track and field.
    (49, "trackfield"),
    // Traditional strength training.
    (
        50,
        "traditionelleskrafttraining klassischeskrafttraining musculationtraditionnelle entrenamientodefuerzatradicional \
         entrenamientotradicionaldefuerza traditionelekrachttraining 伝統的筋力トレーニング 传统力量训练 \
         treinodeforçatradicional treinamentodeforçatradicional allenamentotradizionaledellaforza \
         traditionellstyrketräning tradycyjnytreningsiłowy традиционнаясиловаятренировка gelenekselgüçantrenmanı \
         傳統肌力訓練",
    ),
    // Volleyball.
    (
        51,
        "voleibol vôlei pallavolo volleybal volleyboll lentopallo volejbal siatkówka волейбол voleybol الكرةالطائرة \
         كرةالطائرة βόλεϊ כדורעף röplabda volei วอลเลยบอล bóngchuyền 排球 バレーボール 배구",
    ),
    // Walking.
    (
        52,
        "walk gehen marche caminata caminar andar caminhada camminata wandelen promenad ходьба ウォーキング 步行 걷기 \
         gång gang gåing gange gåtur yürüyüş المشي مشي chůze chôdza kävely περπάτημα βάδισμα הליכה gyaloglás séta mers \
         merspejos plimbare เดิน การเดิน đibộ jalankaki hodanje spaziergang passeggiata marcheàpied spacer marsz caminhar \
         散步 走路 散歩 산책",
    ),
    // Water polo.
    (54, "wasserball waterpolo ватерполо 水球"),
    // Wrestling.
    (
        56,
        "lutte ringen lucha worstelen brottning brydning bryting борьба güreş المصارعة πάλη birkózás lupte 摔跤 \
         レスリング 레슬링",
    ),
    // Yoga.
    (57, "йога ヨガ 瑜伽 瑜珈 اليوغا يوغا اليوجا يوجا jóga jooga joga γιόγκα יוגה โยคะ ioga 요가"),
    // Core training.
    (59, "rumpftraining コアトレーニング 核心训练 核心訓練 코어트레이닝"),
    // Cross country skiing.
    (
        60,
        "crosscountryski skidefond skilanglauf langlauf langlaufen esquídefondo esquidefundo scidifondo längdskidåkning \
         langrend langrenn maastohiihto murtomaahiihto běhnalyžích narciarstwobiegowe лыжныегонки беговыелыжи \
         лижніперегони біговілижі kroskayağı sífutás schifond schidefond 越野滑雪 クロスカントリースキー 크로스컨트리스키 \
         crosscountryskiing",
    ),
    // Downhill skiing.
    (
        61,
        "downhillski skialpin esquíalpino scialpino utförsåkning laskettelu sjezdovélyžování narciarstwozjazdowe \
         горныелыжи гірськілижі alpesisíelés schialpin 高山滑雪 アルペンスキー ダウンヒルスキー esquialpino",
    ),
    // High intensity interval training.
    (
        63,
        "hiit hochintensivesintervalltraining hochintensivintervalltraining entraînementfractionnédehauteintensité \
         entrenamientoenintervalosdealtaintensidad 高強度インターバルトレーニング 高强度间歇训练 \
         treinointervaladodealtaintensidade treinamentointervaladodealtaintensidade 高強度間歇訓練 고강도인터벌트레이닝 \
         högintensivintervallträning",
    ),
    // Jump rope.
    (
        64,
        "seilspringen cordeàsauter saltarlacuerda saltaralacomba pularcorda saltoconlacorda touwtjespringen hopprep \
         skakanka скакалка прыжкисоскакалкой ipatlama القفزبالحبل قفزالحبل קפיצהבחבל ugrókötelezés กระโดดเชือก nhảydây \
         跳绳 跳繩 縄跳び なわとび 줄넘기 skákánípřesšvihadlo",
    ),
    // Kickboxing.
    (65, "kickboxen кикбоксинг кікбоксинг キックボクシング 킥복싱"),
    // Pilates.
    (66, "ピラティス 普拉提 пилатес пілатес بيلاتس البيلاتس πιλάτες פילאטיס พิลาทิส 皮拉提斯 필라테스"),
    // Snowboarding.
    (67, "snowboard snowboarden lumilautailu сноуборд 单板滑雪 單板滑雪 スノーボード 스노보드"),
    // Tai chi.
    (72, "taichí 太极 太極 太极拳 太極拳 태극권"),
    // Hand cycling.
    (74, "handcycle"),
    // Social dance.
    (78, "社交ダンス"),
    // Cooldown.
    (80, "retouraucalme クールダウン"),
    // Swim bike run.
    (82, "multisport triathlon"),
    // Underwater diving.
    (84, "tauchen"),
];

/// The number of an activity by a title in a language that is known, such as `Outdoor Run` or `Course à pied (extérieur)`.
pub(super) fn activity_of(title: &str, of_name: impl Fn(&str) -> Option<u16>) -> Option<u16> {
    let title = folded(title);
    // `Track & Field` and `Track and Field` are one.
    let find = |title: &str| {
        let known = TITLES.iter().find(|(_, titles)| titles.split(' ').any(|known| known == title));
        known.map(|(number, _)| *number).or_else(|| of_name(title))
    };
    if let Some(number) = find(&title).or_else(|| find(&title.replacen("and", "", 1))) {
        return Some(number);
    }
    for place in PLACES.split(' ') {
        let rest = title.strip_prefix(place).or_else(|| title.strip_suffix(place));
        if let Some(number) = rest.filter(|rest| !rest.is_empty()).and_then(find) {
            return Some(number);
        }
    }
    None
}

/// A title without spaces, signs and marks of tone, in lower case.
fn folded(title: &str) -> String {
    let is_kept = |next: &char| next.is_alphanumeric() || *next == 'ー';
    title.chars().flat_map(char::to_lowercase).filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_title_is_of_one_activity() {
        let mut seen = BTreeSet::new();
        for title in TITLES.iter().flat_map(|(_, titles)| titles.split(' ')) {
            assert_eq!(folded(title), title);
            assert!(seen.insert(title), "{title} is there twice");
        }
        assert!(TITLES.is_sorted_by_key(|(number, _)| *number));
        for place in PLACES.split(' ') {
            assert_eq!(folded(place), place);
        }
    }
}
